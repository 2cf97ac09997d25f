/** How a private key is encrypted, for the message if a runtime does not support it. */
import { type DerSpan, oidText, readAll, readDer, TAG } from "./der.ts";
import type { PemBlock } from "./pem.ts";

/** PKCS #5 (RFC 8018), PKCS #12 appendix C (RFC 7292) and the ciphers of both. */
const NAMES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.5.3": "PBE-MD5-DES",
  "1.2.840.113549.1.5.6": "PBE-MD5-RC2-64",
  "1.2.840.113549.1.5.10": "PBE-SHA1-DES",
  "1.2.840.113549.1.5.11": "PBE-SHA1-RC2-64",
  "1.2.840.113549.1.12.1.1": "PBE-SHA1-RC4-128",
  "1.2.840.113549.1.12.1.2": "PBE-SHA1-RC4-40",
  "1.2.840.113549.1.12.1.3": "PBE-SHA1-3DES",
  "1.2.840.113549.1.12.1.4": "PBE-SHA1-2DES",
  "1.2.840.113549.1.12.1.5": "PBE-SHA1-RC2-128",
  "1.2.840.113549.1.12.1.6": "PBE-SHA1-RC2-40",
  "1.2.840.113549.1.5.12": "PBKDF2",
  "1.3.6.1.4.1.11591.4.11": "scrypt",
  "1.2.840.113549.2.7": "HMAC-SHA1",
  "1.2.840.113549.2.8": "HMAC-SHA224",
  "1.2.840.113549.2.9": "HMAC-SHA256",
  "1.2.840.113549.2.10": "HMAC-SHA384",
  "1.2.840.113549.2.11": "HMAC-SHA512",
  "1.3.14.3.2.7": "DES-CBC",
  "1.2.840.113549.3.2": "RC2-CBC",
  "1.2.840.113549.3.7": "DES-EDE3-CBC",
  "2.16.840.1.101.3.4.1.2": "AES-128-CBC",
  "2.16.840.1.101.3.4.1.22": "AES-192-CBC",
  "2.16.840.1.101.3.4.1.42": "AES-256-CBC",
};

const PBES2 = "1.2.840.113549.1.5.13";

/** RFC 8018 appendix A.2: what PBKDF2 uses where nothing is said. */
const DEFAULT_PRF = "HMAC-SHA1";

/** What Deno 2.9, Bun 1.4 and Node all decrypt, by experiment. */
const OPENED_EVERYWHERE =
  /^((PBKDF2, HMAC-SHA256, )?AES-(128|192|256)-CBC|DES-EDE3-CBC)$/;

/** How a key is encrypted. */
export interface KeyEncryption {
  /** Its parts with commas between, such as `PBKDF2, HMAC-SHA256, AES-256-CBC`. */
  readonly name: string;
  /** Whether every supported runtime opens it. */
  readonly isCommon: boolean;
}

/** Reads how `key` is encrypted; `undefined` if it is not. */
export function keyEncryption(key: PemBlock): KeyEncryption | undefined {
  const name = key.label === "ENCRYPTED PRIVATE KEY"
    ? pkcs8Name(key.bytes)
    : /^Proc-Type: *4, *ENCRYPTED$/m.test(key.text)
    ? /^DEK-Info: *([^,\n]+)/m.exec(key.text)?.[1]?.trim() ?? "unknown"
    : undefined;
  if (name === undefined) return undefined;
  return { name, isCommon: OPENED_EVERYWHERE.test(name) };
}

/** Of an EncryptedPrivateKeyInfo (RFC 5958 §3). */
function pkcs8Name(bytes: Uint8Array | undefined): string {
  const info = bytes && readDer(bytes, 0);
  const algorithm = info && readDer(bytes, info.start, info.end);
  const [id, parameters] = parts(bytes, algorithm);
  if (id?.tag !== TAG.oid) return "unknown";
  const scheme = oidText(bytes!, id);
  if (scheme !== PBES2) return NAMES[scheme] ?? scheme;
  // RFC 8018 appendix A.4: how the key is derived, and what it is for.
  const [derivation, cipher] = parts(bytes, parameters);
  const [derivationId, derivationParameters] = parts(bytes, derivation);
  const kind = nameOf(bytes, derivationId);
  // Appendix A.2: salt, rounds, perhaps the length of the key, perhaps the function.
  const prf = parts(bytes, derivationParameters)
    .find(({ tag }, at) => tag === TAG.sequence && at >= 2);
  const words = [kind];
  if (kind === "PBKDF2") {
    words.push(
      prf === undefined ? DEFAULT_PRF : nameOf(bytes, parts(bytes, prf)[0]),
    );
  }
  return [...words, nameOf(bytes, parts(bytes, cipher)[0])].join(", ");
}

function parts(
  bytes: Uint8Array | undefined,
  span: DerSpan | undefined,
): readonly DerSpan[] {
  if (bytes === undefined || span === undefined) return [];
  return readAll(bytes, span.start, span.end) ?? [];
}

function nameOf(
  bytes: Uint8Array | undefined,
  id: DerSpan | undefined,
): string {
  if (bytes === undefined || id?.tag !== TAG.oid) return "unknown";
  const text = oidText(bytes, id);
  return NAMES[text] ?? text;
}
