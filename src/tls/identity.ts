/** A certificate and its key, checked before the server listens. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { certificateBytes, readCertificate } from "./certificate_reader.ts";
import { readDer } from "./der.ts";
import { keyEncryption } from "./key_encryption.ts";
import { certificatesIn, type PemBlock, privateKeyIn, toPem } from "./pem.ts";

/** What is checked. */
export interface IdentityMaterial {
  /** PEM of the certificate and of those that sign it; may hold the key as well. */
  readonly cert: string;
  /** PEM of the key; `undefined`: it is in `cert`. */
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
}

/** A valid certificate and its key. */
export interface CheckedIdentity {
  /** PEM, certificates only, the server's own first. */
  readonly cert: string;
  /** PEM, the key only, encrypted if it was. */
  readonly key: string;
  readonly passphrase: string | undefined;
  /** Host names it is valid for, in lower case; may be empty. */
  readonly names: readonly string[];
  readonly notAfter: Date;
  /** SHA-256 of the certificate: 32 pairs of capital hexadecimal digits with colons between. */
  readonly fingerprint: string;
}

/** Why it is invalid. */
export interface IdentityProblem {
  /** The part at fault; never `key` if no key was given. */
  readonly part: "cert" | "key" | "passphrase";
  /** What was found, to follow a colon. */
  readonly reason: string;
  /** How the key is encrypted, where that is what this runtime cannot open, or may not. */
  readonly encryption?: string;
}

/** The reason for a key whose encryption this runtime does not support. */
export const IS_FOREIGN = "the private key is encrypted in an unknown way";

/** The reason for an encrypted key without a passphrase. */
export const IS_ENCRYPTED = "the private key is encrypted";

/**
 * Checks that certificate and key can be read, belong together, and are valid at `now`.
 *
 * Deno 2.9 reports most of these errors in the first handshake only.
 */
export function checkIdentity(
  material: IdentityMaterial,
  now: Date,
): CheckedIdentity | IdentityProblem {
  const chain = certificatesIn(material.cert);
  if (chain.length === 0) {
    return { part: "cert", reason: "no PEM certificate found in it" };
  }
  const certificates = chain.map(parse);
  const damage = damageOf(certificates);
  if (damage !== undefined) return { part: "cert", reason: damage };
  const { certificate, pem } = certificates[0]!;
  const validity = checkValidity(certificate, now);
  if (validity !== undefined) return { part: "cert", reason: validity };

  const keyBlock = privateKeyIn(material.key ?? material.cert);
  if (keyBlock === undefined) {
    return material.key === undefined
      ? {
        part: "cert",
        reason: "it holds no private key, which then needs a file of its own",
      }
      : { part: "key", reason: "no PEM private key found in it" };
  }
  const { passphrase } = material;
  const key = openKey(keyBlock, passphrase);
  if ("reason" in key) {
    return material.key === undefined && key.part === "key"
      ? { ...key, part: "cert" }
      : key;
  }
  if (!certificate.checkPrivateKey(key.opened)) {
    return {
      part: material.key === undefined ? "cert" : "key",
      reason: "the private key does not belong to the certificate",
    };
  }
  return {
    cert: certificates.map((parsed) => parsed!.pem).join(""),
    key: keyBlock.text,
    passphrase: keyEncryption(keyBlock) === undefined ? undefined : passphrase,
    names: readCertificate(pem)?.hostNames ?? [],
    notAfter: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

/** A list of authorities in PEM, certificates only; or why `text` is none. */
export function checkAuthorities(
  text: string,
): { readonly ca: string } | { readonly reason: string } {
  const authorities = certificatesIn(text);
  if (authorities.length === 0) {
    return { reason: "no PEM certificate found in it" };
  }
  const certificates = authorities.map(parse);
  const reason = damageOf(certificates);
  if (reason !== undefined) return { reason };
  return { ca: certificates.map((parsed) => parsed!.pem).join("") };
}

interface ParsedCertificate {
  readonly certificate: X509Certificate;
  /** The bytes without the trust settings that OpenSSL may append. */
  readonly pem: string;
}

function parse({ label, bytes }: PemBlock): ParsedCertificate | undefined {
  const der = bytes && certificateBytes(bytes);
  if (der === undefined) return undefined;
  // Nothing but the settings of `openssl x509 -trustout` may follow it.
  if (der.length < bytes!.length && label !== "TRUSTED CERTIFICATE") {
    return undefined;
  }
  const pem = toPem("CERTIFICATE", der);
  try {
    return { certificate: new X509Certificate(pem), pem };
  } catch {
    return undefined;
  }
}

function damageOf(
  certificates: readonly (ParsedCertificate | undefined)[],
): string | undefined {
  const which = certificates.indexOf(undefined) + 1;
  if (which === 0) return undefined;
  return certificates.length === 1
    ? "it is damaged"
    : `certificate ${which} of it is damaged`;
}

function checkValidity(
  { validFrom, validTo }: X509Certificate,
  now: Date,
): string | undefined {
  if (Date.parse(validTo) < now.getTime()) {
    return `the certificate expired on ${validTo}`;
  }
  if (Date.parse(validFrom) > now.getTime()) {
    return `the certificate is not valid before ${validFrom}`;
  }
  return undefined;
}

/** Messages of the libraries for an unsupported encryption, as opposed to a wrong passphrase. */
const UNKNOWN_ENCRYPTION = /unsupported|unknown/i;

function openKey(
  key: PemBlock,
  passphrase: string | undefined,
): { readonly opened: KeyObject } | IdentityProblem {
  const encryption = keyEncryption(key);
  if (!isWhole(key, encryption !== undefined)) {
    return { part: "key", reason: damageOfKey(key) };
  }
  if (encryption !== undefined && passphrase === undefined) {
    return { part: "key", reason: IS_ENCRYPTED };
  }
  try {
    return {
      opened: createPrivateKey(
        encryption === undefined
          ? key.text
          : { key: key.text, passphrase: passphrase! },
      ),
    };
  } catch (error) {
    // The runtimes word this differently, so the message is our own.
    if (encryption === undefined) {
      return { part: "key", reason: damageOfKey(key) };
    }
    const { code, message } = error as Error & { readonly code?: string };
    if (UNKNOWN_ENCRYPTION.test(`${code} ${message}`)) {
      return { part: "key", reason: IS_FOREIGN, encryption: encryption.name };
    }
    const reason = "it does not open the private key";
    return encryption.isCommon
      ? { part: "passphrase", reason }
      : { part: "passphrase", reason, encryption: encryption.name };
  }
}

/** Whether `key` is complete and nothing follows it; what is encrypted as a whole cannot be told. */
function isWhole(
  { label, bytes }: PemBlock,
  isEncrypted: boolean,
): boolean {
  if (bytes === undefined) return false;
  if (isEncrypted && label !== "ENCRYPTED PRIVATE KEY") return true;
  return readDer(bytes, 0)?.end === bytes.length;
}

function damageOfKey({ label }: PemBlock): string {
  return label === "OPENSSH PRIVATE KEY"
    ? "the private key is in the form of OpenSSH, expected PKCS #8"
    : "the private key is damaged or of unknown kind";
}
