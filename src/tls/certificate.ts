/** Creates X.509 v3 certificates (RFC 5280), for development and for tests. */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import {
  bitString,
  der,
  integer,
  oid,
  readAll,
  readDer,
  sequence,
  TAG,
  time,
  utf8String,
} from "./der.ts";
import { ipOctets } from "../text/ip_octets.ts";
import { toPem } from "./pem.ts";

/** Attributes of a name, from the most general to the most special, such as `["CN", "localhost"]`. */
export type SubjectName = readonly (readonly [
  type: keyof typeof ATTRIBUTES,
  value: string,
])[];

/** The contents of a certificate to create. */
export interface CertificateRequest {
  readonly subject: SubjectName;
  /** Host names, wildcards included, and IP addresses it is valid for. Default: none. */
  readonly names?: readonly string[];
  /** Whether it may sign others. Default: no. */
  readonly isAuthority?: boolean;
  /** What it may be used for. Default: anything. */
  readonly purposes?: readonly ("server" | "client")[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** 1 to 20 octets. Default: 16 random ones. */
  readonly serial?: Uint8Array;
  /** Its issuer, with a key on P-256. Default: self-signed. */
  readonly issuer?: IssuedCertificate;
  /** Its key. Default: a new one on P-256; any other needs an issuer. */
  readonly key?: KeyObject;
}

/** A certificate and its key. */
export interface IssuedCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS#8, not encrypted. */
  readonly key: string;
  /** The certificate's octets. */
  readonly der: Uint8Array;
  readonly privateKey: KeyObject;
  readonly subject: SubjectName;
}

/** RFC 4519 §2, RFC 5280 appendix A. */
const ATTRIBUTES = {
  CN: "2.5.4.3",
  C: "2.5.4.6",
  L: "2.5.4.7",
  ST: "2.5.4.8",
  O: "2.5.4.10",
  OU: "2.5.4.11",
} as const;

const ECDSA_WITH_SHA256 = oid("1.2.840.10045.4.3.2");
const PURPOSES = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };
const YES = der(TAG.boolean, Uint8Array.of(0xff));

/** Makes a certificate, signed with ECDSA and SHA-256. */
export function issueCertificate(
  request: CertificateRequest,
): IssuedCertificate {
  const privateKey = request.key ??
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const { subject, issuer } = request;
  const publicKey = publicKeyOf(privateKey);
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const body = sequence(
    der(TAG.context | TAG.constructed, integer(Uint8Array.of(2))), // v3
    integer(request.serial ?? serialNumber()),
    algorithm,
    encodeName(issuer?.subject ?? subject),
    sequence(time(request.notBefore), time(request.notAfter)),
    encodeName(subject),
    publicKey,
    extensionsOf(
      request,
      publicKey,
      issuer === undefined ? publicKey : publicKeyOf(issuer.privateKey),
    ),
  );
  const signature = sign("sha256", body, issuer?.privateKey ?? privateKey);
  const certificate = sequence(body, algorithm, bitString(signature));
  return {
    cert: toPem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    der: certificate,
    privateKey,
    subject,
  };
}

/** The SubjectPublicKeyInfo that belongs to a private key. */
function publicKeyOf(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
  );
}

/** Positive, and of the same length each time (RFC 5280 §4.1.2.2). */
function serialNumber(): Uint8Array {
  const octets = new Uint8Array(randomBytes(16));
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return octets;
}

function encodeName(name: SubjectName): Uint8Array {
  return sequence(
    ...name.map(([type, value]) =>
      der(TAG.set, sequence(oid(ATTRIBUTES[type]), attributeText(type, value)))
    ),
  );
}

function attributeText(type: string, value: string): Uint8Array {
  // RFC 5280 appendix A.1: a country is a PrintableString.
  return type === "C"
    ? der(TAG.printableString, new TextEncoder().encode(value))
    : utf8String(value);
}

function extensionsOf(
  request: CertificateRequest,
  publicKey: Uint8Array,
  issuerKey: Uint8Array,
): Uint8Array {
  const { names = [], isAuthority = false, purposes = [] } = request;
  const extensions = [
    // RFC 5280 §4.2.1.9
    extension("2.5.29.19", isAuthority ? sequence(YES) : sequence(), true),
    // §4.2.1.3: keyCertSign and cRLSign, or digitalSignature
    extension(
      "2.5.29.15",
      isAuthority
        ? bitString(Uint8Array.of(0x06), 1)
        : bitString(Uint8Array.of(0x80), 7),
      true,
    ),
    extension("2.5.29.14", der(TAG.octetString, keyIdentifier(publicKey))),
    extension(
      "2.5.29.35",
      sequence(der(TAG.context, keyIdentifier(issuerKey))),
    ),
  ];
  if (names.length > 0) {
    extensions.push(
      extension("2.5.29.17", sequence(...names.map(encodeAlternativeName))),
    );
  }
  if (purposes.length > 0) {
    extensions.push(
      extension(
        "2.5.29.37",
        sequence(...purposes.map((purpose) => oid(PURPOSES[purpose]))),
      ),
    );
  }
  return der(TAG.context | TAG.constructed | 3, sequence(...extensions));
}

function extension(
  id: string,
  value: Uint8Array,
  isCritical = false,
): Uint8Array {
  const octets = der(TAG.octetString, value);
  return isCritical
    ? sequence(oid(id), YES, octets)
    : sequence(oid(id), octets);
}

/** SHA-1 of the key's bits without their tag and length: an identifier, not a protection (§4.2.1.2). */
function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  const whole = readDer(publicKey, 0)!;
  const bits = readAll(publicKey, whole.start, whole.end)!.at(-1)!;
  const octets = publicKey.subarray(bits.start + 1, bits.end);
  return new Uint8Array(createHash("sha1").update(octets).digest());
}

/** RFC 5280 §4.2.1.6: an iPAddress, or a dNSName. */
function encodeAlternativeName(name: string): Uint8Array {
  const octets = ipOctets(name);
  return octets === undefined
    ? der(TAG.context | 2, new TextEncoder().encode(name))
    : der(TAG.context | 7, octets);
}
