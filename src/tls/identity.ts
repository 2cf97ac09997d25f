/** A certificate and its key, checked before anything listens (wishes:N-013). */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readCertificate } from "./certificate_reader.ts";
import { certificatesIn, privateKeyIn } from "./pem.ts";

/** What is checked. */
export interface IdentityMaterial {
  /** PEM of the certificate and of those that sign it; may hold the key as well. */
  readonly cert: string;
  /** PEM of the key; `undefined`: it is in `cert`. */
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
}

/** A good certificate and its key. */
export interface CheckedIdentity {
  /** PEM, certificates only, the server's own first. */
  readonly cert: string;
  /** PEM, the key only, encrypted if it was. */
  readonly key: string;
  readonly passphrase: string | undefined;
  /** Host names it is good for, in lower case; may be empty. */
  readonly names: readonly string[];
  readonly notAfter: Date;
  /** SHA-256 of the certificate: 32 pairs of capital hexadecimal digits with colons between. */
  readonly fingerprint: string;
}

/** What is wrong with it. */
export interface IdentityProblem {
  /** Which part of it is to blame; where there is no `key`, never that. */
  readonly part: "cert" | "key" | "passphrase";
  /** What was found, to follow a colon. */
  readonly reason: string;
}

/** The reason of a key that cannot be opened because nobody said how. */
export const IS_ENCRYPTED = "the private key is encrypted";

/**
 * Checks that certificate and key can be read, belong together, and are valid at `now`.
 *
 * Deno 2.9 would find most of it out at the first handshake only.
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
  if (certificates.includes(undefined)) {
    const which = certificates.indexOf(undefined) + 1;
    const place = chain.length === 1 ? "it" : `certificate ${which} of it`;
    return { part: "cert", reason: `${place} is damaged` };
  }
  const certificate = certificates[0]!;
  const validity = checkValidity(certificate, now);
  if (validity !== undefined) return { part: "cert", reason: validity };

  const keyText = privateKeyIn(material.key ?? material.cert);
  if (keyText === undefined) {
    return material.key === undefined
      ? {
        part: "cert",
        reason: "it holds no private key, which then needs a file of its own",
      }
      : { part: "key", reason: "no PEM private key found in it" };
  }
  const { passphrase } = material;
  const key = openKey(keyText, passphrase);
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
    cert: chain.join(""),
    key: keyText,
    passphrase: isEncrypted(keyText) ? passphrase : undefined,
    names: readCertificate(chain[0]!)?.hostNames ?? [],
    notAfter: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

/** Why `text` cannot be a list of authorities; `undefined` if it can. */
export function authoritiesProblem(text: string): string | undefined {
  const authorities = certificatesIn(text);
  if (authorities.length === 0) return "no PEM certificate found in it";
  const damaged = authorities.findIndex((one) => parse(one) === undefined);
  if (damaged < 0) return undefined;
  return `certificate ${damaged + 1} of it is damaged`;
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
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

function isEncrypted(key: string): boolean {
  return key.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----") ||
    /^Proc-Type: *4, *ENCRYPTED/m.test(key);
}

function openKey(
  key: string,
  passphrase: string | undefined,
): { readonly opened: KeyObject } | IdentityProblem {
  const encrypted = isEncrypted(key);
  if (encrypted && passphrase === undefined) {
    return { part: "key", reason: IS_ENCRYPTED };
  }
  try {
    return {
      opened: createPrivateKey(
        encrypted ? { key, passphrase: passphrase! } : key,
      ),
    };
  } catch {
    // The runtimes' messages have nothing in common; what we know ourselves says more.
    return encrypted
      ? {
        part: "passphrase",
        reason: "it does not open the private key",
      }
      : {
        part: "key",
        reason: "the private key is damaged or of unknown kind",
      };
  }
}
