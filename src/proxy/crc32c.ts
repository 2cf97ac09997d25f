/** The checksum CRC-32C (Castagnoli), as RFC 3720 §B.4 has it. */

const POLYNOMIAL = 0x82f63b78;

let table: Uint32Array | undefined;

function newTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) {
      rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
    }
    return rest >>> 0;
  });
}

/** The checksum of `bytes`, an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  const entries = table ??= newTable();
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest = entries[(rest ^ byte) & 0xff]! ^ (rest >>> 8);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
