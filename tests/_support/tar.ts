/** Reads archives in the format of tar: those that package managers make. */

const BLOCK = 512;

/**
 * The regular files of an archive that is not compressed, by path. Paths longer than a header takes
 * are read as GNU tar ("L") and POSIX ("x") write them.
 */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let longPath: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length;) {
    const field = (from: number, length: number) =>
      text(archive.subarray(at + from, at + from + length));
    const name = field(0, 100);
    if (name === "") break;
    const size = parseInt(field(124, 12), 8) || 0;
    const kind = field(156, 1);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === "L") longPath = text(content);
    else if (kind === "x") longPath = / path=(.*)\n/.exec(text(content))?.[1];
    else {
      const prefix = field(345, 155);
      const path = longPath ?? (prefix === "" ? name : `${prefix}/${name}`);
      longPath = undefined;
      if (kind === "0" || kind === "") files.set(path, content);
    }
  }
  return files;
}

/** Up to the first NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
