/** Certificates for tests: an authority and what it signs, made anew in each process. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CertificateRequest,
  issueCertificate,
  type IssuedCertificate,
} from "../../src/tls/certificate.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What may be said of a test's certificate; the rest is chosen. */
export type Wishes = Partial<CertificateRequest>;

/** Signs the certificates of one test file. */
export class TestAuthority {
  readonly issued: IssuedCertificate;

  /** @param name Its common name. */
  constructor(name = "Test Authority") {
    this.issued = issueCertificate({
      subject: [["O", "Tricorn"], ["CN", name]],
      isAuthority: true,
      ...aroundNow(),
    });
  }

  /** PEM of the authority's own certificate. */
  get cert(): string {
    return this.issued.cert;
  }

  /** A certificate for a server with these names and addresses. */
  server(
    names: readonly string[] = ["localhost", "127.0.0.1", "::1"],
    wishes: Wishes = {},
  ): IssuedCertificate {
    return issueCertificate({
      subject: [["CN", names[0] ?? "nobody"]],
      names,
      purposes: ["server"],
      issuer: this.issued,
      ...aroundNow(),
      ...wishes,
    });
  }

  /** A certificate for a client. */
  client(name = "alice", wishes: Wishes = {}): IssuedCertificate {
    return issueCertificate({
      subject: [["C", "DE"], ["O", "Tricorn"], ["CN", name]],
      purposes: ["client"],
      issuer: this.issued,
      ...aroundNow(),
      ...wishes,
    });
  }

  /** An authority that this one signs, and that signs others in its turn. */
  intermediate(name = "Test Intermediate"): IssuedCertificate {
    return issueCertificate({
      subject: [["O", "Tricorn"], ["CN", name]],
      isAuthority: true,
      issuer: this.issued,
      ...aroundNow(),
    });
  }
}

function aroundNow(): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - HOUR_MS),
    notAfter: new Date(now + DAY_MS),
  };
}

/** Good until yesterday. */
export function expired(): {
  readonly notBefore: Date;
  readonly notAfter: Date;
} {
  const now = Date.now();
  return {
    notBefore: new Date(now - 30 * DAY_MS),
    notAfter: new Date(now - DAY_MS),
  };
}

/** Good from tomorrow on. */
export function notYetValid(): {
  readonly notBefore: Date;
  readonly notAfter: Date;
} {
  const now = Date.now();
  return {
    notBefore: new Date(now + DAY_MS),
    notAfter: new Date(now + 30 * DAY_MS),
  };
}

let rsa: KeyObject | undefined;

/** An RSA key, the same for all tests of a file: making one takes a while. */
export function rsaKey(): KeyObject {
  return rsa ??= generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}

/** Ways to write a private key. */
export type KeyForm = "pkcs8" | "pkcs1" | "sec1";

/** A private key as PEM, encrypted if there is a passphrase. */
export function keyPem(
  key: KeyObject,
  form: KeyForm,
  passphrase?: string,
): string {
  return key.export({
    type: form as "pkcs8",
    format: "pem",
    ...passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase },
  }) as string;
}

/** A folder that is gone at the end of the test. */
export class ScratchFolder {
  /** Absolute. */
  readonly path: string = mkdtempSync(join(tmpdir(), "tricorn-tls-"));

  /** Writes a file. @returns Its absolute path. */
  write(name: string, ...texts: string[]): string {
    const path = join(this.path, name);
    writeFileSync(path, texts.join(""));
    return path;
  }

  /** Removes the folder and what is in it. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs `use` with a folder that is removed afterwards. */
export async function withFolder(
  use: (folder: ScratchFolder) => void | Promise<void>,
): Promise<void> {
  const folder = new ScratchFolder();
  try {
    await use(folder);
  } finally {
    folder.remove();
  }
}
