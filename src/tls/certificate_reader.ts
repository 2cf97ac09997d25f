/** Reads the names of a certificate (RFC 5280), which no runtime reports exactly. */
import { type DerSpan, oidText, readAll, readDer, TAG } from "./der.ts";
import { nameText, readName } from "./distinguished_name.ts";
import { fromPem } from "./pem.ts";

const SUBJECT_ALT_NAME = "2.5.29.17";
const COMMON_NAME = "2.5.4.3";
/** §4.2.1.6: dNSName [2]. */
const DNS_NAME = TAG.context | 2;
/** What may be a host name, or a wildcard for one. */
const HOST_NAME = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i;

/** The names of a certificate. */
export interface CertificateOwner {
  /** Its subject, as RFC 4514 writes names. */
  readonly subject: string;
  /**
   * Host names it is valid for, in lower case, wildcards included. Without a list of names, the
   * common name if it is a host name.
   */
  readonly hostNames: readonly string[];
}

/**
 * The certificate that `bytes` begin with, whose parts fill it (RFC 5280 §4.1).
 *
 * @returns `undefined` if it is malformed, or cut off.
 */
export function certificateBytes(bytes: Uint8Array): Uint8Array | undefined {
  const whole = readDer(bytes, 0);
  if (whole?.tag !== TAG.sequence) return undefined;
  const parts = readAll(bytes, whole.start, whole.end);
  const isCertificate = parts?.length === 3 &&
    parts[0]!.tag === TAG.sequence && parts[1]!.tag === TAG.sequence &&
    parts[2]!.tag === TAG.bitString &&
    readAll(bytes, parts[0]!.start, parts[0]!.end) !== undefined;
  return isCertificate ? bytes.subarray(0, whole.end) : undefined;
}

/**
 * Reads the first certificate of a PEM text.
 *
 * @returns `undefined` if there is none, or it is malformed.
 */
export function readCertificate(pem: string): CertificateOwner | undefined {
  const bytes = fromPem(pem);
  if (bytes === undefined) return undefined;
  const fields = tbsFields(bytes);
  if (fields === undefined) return undefined;
  const name = readName(bytes, fields.subject);
  if (name === undefined) return undefined;
  const alternatives = alternativeNames(bytes, fields.extensions);
  const names = alternatives
    .filter(({ tag }) => tag === DNS_NAME)
    .map((span) => asciiOf(bytes, span));
  if (alternatives.length === 0) {
    // RFC 6125 §6.4.4: the common name counts only where no other name is given.
    const common = name.flat().findLast(({ type }) => type === COMMON_NAME);
    if (common?.text !== undefined) names.push(common.text);
  }
  return {
    subject: nameText(name),
    hostNames: names.filter((host) => HOST_NAME.test(host))
      .map((host) => host.toLowerCase().replace(/\.$/, "")),
  };
}

interface TbsFields {
  readonly subject: DerSpan;
  readonly extensions: DerSpan | undefined;
}

/** The parts of a TBSCertificate, which may or may not begin with its version. */
function tbsFields(bytes: Uint8Array): TbsFields | undefined {
  const whole = readDer(bytes, 0);
  const body = whole && readDer(bytes, whole.start, whole.end);
  if (body?.tag !== TAG.sequence) return undefined;
  const fields = readAll(bytes, body.start, body.end);
  if (fields === undefined) return undefined;
  const hasVersion = fields[0]?.tag === (TAG.context | TAG.constructed);
  // serial number, signature, issuer, validity, subject, key
  const subject = fields[hasVersion ? 5 : 4];
  if (subject?.tag !== TAG.sequence) return undefined;
  const extensions = fields.find(({ tag }) =>
    tag === (TAG.context | TAG.constructed | 3)
  );
  return { subject, extensions };
}

function alternativeNames(
  bytes: Uint8Array,
  explicit: DerSpan | undefined,
): DerSpan[] {
  const list = explicit && readDer(bytes, explicit.start, explicit.end);
  const extensions = list && readAll(bytes, list.start, list.end);
  for (const extension of extensions ?? []) {
    const parts = readAll(bytes, extension.start, extension.end);
    const [id] = parts ?? [];
    const value = parts?.at(-1);
    if (id?.tag !== TAG.oid || value?.tag !== TAG.octetString) continue;
    if (oidText(bytes, id) !== SUBJECT_ALT_NAME) continue;
    const names = readDer(bytes, value.start, value.end);
    return (names && readAll(bytes, names.start, names.end)) ?? [];
  }
  return [];
}

function asciiOf(bytes: Uint8Array, { start, end }: DerSpan): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
