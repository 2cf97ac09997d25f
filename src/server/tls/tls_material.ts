/** What TLS shows and demands: from options and files to settings, checked. */
import {
  type SslContext,
  type SslIdentity,
  tlsVersions,
} from "../../config/options/tls.ts";
import { hideFields } from "../../config/hidden.ts";
import type { Options } from "../../config/options/mod.ts";
import { ALPN_PROTOCOLS } from "../../connection/protocol_selection.ts";
import { quote } from "../../config/options/value_types.ts";
import { printable } from "../../text/printable.ts";
import { ConfigError } from "../../errors.ts";
import { runtime } from "../../runtime/mod.ts";
import type { TlsIdentity, TlsSettings } from "../../runtime/types.ts";
import {
  checkAuthorities,
  type CheckedIdentity,
  checkIdentity,
  type IdentityProblem,
  IS_ENCRYPTED,
  IS_FOREIGN,
} from "../../tls/identity.ts";
import { readPemFile } from "../../tls/pem_file.ts";

/** What was loaded. */
export interface TlsMaterial {
  readonly settings: TlsSettings;
  /** Names and ends of the certificates, for the log. */
  readonly summary: string;
}

/** Where a certificate or key came from: an option and its file. */
interface Source {
  readonly option: string;
  readonly path: string;
}

/**
 * The files that `options` name. What a context factory reads of its own is its own affair.
 */
export function tlsFiles(options: Options): readonly string[] {
  const { sslCertfile, sslKeyfile, sslCaCerts, sslSni } = options;
  const files = [
    sslCertfile,
    sslKeyfile,
    sslCaCerts,
    ...sslSni.flatMap(({ certfile, keyfile }) => [certfile, keyfile]),
  ];
  return [...new Set(files.filter((file) => file !== undefined))];
}

/**
 * Reads and checks everything.
 *
 * @param development The certificate of `sslDev`; used only there.
 * @throws ConfigError with exit code 3, in one line that names option and file.
 */
export async function loadTls(
  options: Options,
  development: SslIdentity | undefined,
): Promise<TlsMaterial> {
  const byDefault = () => defaultContext(options, development);
  const { sslContextFactory } = options;
  const context = sslContextFactory === undefined
    ? await byDefault()
    : await contextFrom(() => sslContextFactory(options, byDefault));
  const identities = context.identities.map((identity) => check(identity));
  const versions = tlsVersions(options);
  const settings: TlsSettings = {
    identities: identities.map(({ identity }) => identity),
    ca: checkedAuthorities(context.ca),
    clientCertificates: context.clientCertificates ?? options.sslCertReqs,
    minVersion: context.minVersion ?? versions.min,
    maxVersion: context.maxVersion ?? versions.max,
    ciphers: context.ciphers ?? options.sslCiphers,
    alpn: ALPN_PROTOCOLS,
    handshakeMs: options.timeoutTlsHandshake * 1000,
  };
  return {
    settings,
    summary: identities.map(({ summary }) => summary).join("; "),
  };
}

/** What the options alone say. */
async function defaultContext(
  options: Options,
  development: SslIdentity | undefined,
): Promise<SslContext> {
  const { sslCertfile, sslKeyfile, sslCaCerts, sslSni } = options;
  const identities: SslIdentity[] = [];
  if (development !== undefined) {
    identities.push(development);
  } else if (sslCertfile === undefined) {
    throw failure(
      "Cannot make the default SSL context: expected the option sslCertfile",
    );
  } else {
    const cert = { option: "--ssl-certfile", path: sslCertfile };
    const key = sslKeyfile === undefined
      ? undefined
      : { option: "--ssl-keyfile", path: sslKeyfile };
    identities.push(await identityFrom(cert, key, options));
  }
  for (const { certfile, keyfile } of sslSni) {
    const option = "--ssl-sni";
    const cert = { option, path: certfile };
    const key = keyfile === undefined ? undefined : { option, path: keyfile };
    const identity = await identityFrom(cert, key, options);
    if (identity.names.length === 0) {
      throw unusable(cert, "the certificate holds no host name");
    }
    identities.push(identity);
  }
  const { min, max } = tlsVersions(options);
  return {
    // A factory that logs what it was given must not log the keys.
    identities: identities.map((identity) =>
      Object.freeze(hideFields({ ...identity }, ["key", "passphrase"]))
    ),
    ca: sslCaCerts === undefined
      ? undefined
      : await authoritiesFrom(sslCaCerts),
    clientCertificates: options.sslCertReqs,
    minVersion: min,
    maxVersion: max,
    ciphers: options.sslCiphers,
  };
}

async function identityFrom(
  cert: Source,
  key: Source | undefined,
  options: Options,
): Promise<CheckedIdentity> {
  const passphrase = options.sslKeyfilePassword;
  const checked = checkIdentity({
    cert: await readSource(cert),
    key: key === undefined ? undefined : await readSource(key),
    passphrase,
  }, new Date());
  if (!("reason" in checked)) return checked;
  const { part, reason } = checked;
  const holder = key ?? cert;
  if (part === "passphrase") {
    throw failure(
      `Cannot use --ssl-keyfile-password: ${reason} in ${show(holder.path)}${
        doubtAboutEncryption(checked)
      }`,
    );
  }
  if (reason === IS_FOREIGN) throw unusable(holder, foreignKey(checked));
  throw reason === IS_ENCRYPTED
    ? unusable(holder, `${reason}, expected --ssl-keyfile-password`)
    : unusable(part === "key" ? holder : cert, reason);
}

async function authoritiesFrom(path: string): Promise<string> {
  const source = { option: "--ssl-ca-certs", path };
  const text = await readSource(source);
  const checked = checkAuthorities(text);
  if ("reason" in checked) throw unusable(source, checked.reason);
  return checked.ca;
}

async function readSource(source: Source): Promise<string> {
  const text = await readPemFile(source.path);
  if (typeof text === "string") return text;
  throw failure(
    `Cannot read ${source.option} ${show(source.path)}: ${
      printable(text.reason)
    }`,
  );
}

/** Calls a context factory, and looks at what comes back: it may be written in JavaScript. */
async function contextFrom(
  make: () => SslContext | Promise<SslContext>,
): Promise<SslContext> {
  let context: unknown;
  try {
    context = await make();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw failure(`Cannot use sslContextFactory: it threw ${quote(text)}`, {
      cause: error,
    });
  }
  const { identities, ca } = (context ?? {}) as {
    readonly identities?: unknown;
    readonly ca?: unknown;
  };
  if (!Array.isArray(identities) || identities.length === 0) {
    throw failure(
      "Cannot use sslContextFactory: it must return an object with identities, " +
        `at least one; got ${kindOf(context)}`,
    );
  }
  for (const identity of identities) {
    const { cert, key, passphrase, names } = (identity ?? {}) as Record<
      string,
      unknown
    >;
    if (typeof cert !== "string") {
      throw failure(
        `Cannot use sslContextFactory: an identity needs a cert in PEM, got ${
          kindOf(cert)
        }`,
      );
    }
    for (const [name, text] of Object.entries({ key, passphrase })) {
      if (text === undefined || typeof text === "string") continue;
      throw failure(
        `Cannot use sslContextFactory: expected a string as ${name}, got ${
          kindOf(text)
        }`,
      );
    }
    if (names === undefined || isTexts(names)) continue;
    throw failure(
      "Cannot use sslContextFactory: expected an array of strings as names, " +
        `got ${kindOf(names)}`,
    );
  }
  if (ca !== undefined && typeof ca !== "string") {
    throw failure(
      `Cannot use sslContextFactory: expected a ca in PEM, got ${kindOf(ca)}`,
    );
  }
  return context as SslContext;
}

/** What `value` is, and not what is in it: it may be a key. */
function kindOf(value: unknown): string {
  return typeof value === "string" ? "a string" : quote(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}

function check(
  given: SslIdentity,
): { readonly identity: TlsIdentity; readonly summary: string } {
  const checked = checkIdentity({
    cert: given.cert,
    key: given.key,
    passphrase: given.passphrase,
  }, new Date());
  if ("reason" in checked) throw ofFactory(checked);
  const { cert, key, passphrase, notAfter } = checked;
  const names = given.names ?? checked.names;
  const until = `valid until ${notAfter.toISOString().slice(0, 10)}`;
  return {
    identity: { names, cert, key, passphrase },
    summary: names.length === 0
      ? until
      : `${printable(names.slice(0, 8).join(", "))} (${until})`,
  };
}

/** Only a factory's identities can still be wrong here: those of files were looked at. */
function ofFactory(problem: IdentityProblem): ConfigError {
  const { part, reason } = problem;
  const text = reason === IS_FOREIGN
    ? foreignKey(problem)
    : `${reason}${doubtAboutEncryption(problem)}`;
  return failure(`Cannot use the ${part} of sslContextFactory: ${text}`);
}

/** The way out of an encryption that this runtime does not know. */
const CONVERT = 'convert the key with "openssl pkcs8 -topk8 -v2 aes-256-cbc"';

function foreignKey({ encryption }: IdentityProblem): string {
  return `the private key is encrypted with ${printable(encryption!)}, which ` +
    `${runtimeName()} does not open: ${CONVERT}`;
}

/** Deno 2.9 takes a right passphrase for a wrong one where it does not know the function. */
function doubtAboutEncryption({ encryption }: IdentityProblem): string {
  if (encryption === undefined) return "";
  return `. If it is right, ${runtimeName()} may not open keys encrypted with ${
    printable(encryption)
  }: ${CONVERT}`;
}

function runtimeName(): string {
  const { name, version } = runtime;
  return `${name[0]!.toUpperCase()}${name.slice(1)} ${version}`;
}

function checkedAuthorities(ca: string | undefined): string | undefined {
  if (ca === undefined) return undefined;
  const checked = checkAuthorities(ca);
  if ("ca" in checked) return checked.ca;
  throw failure(`Cannot use the ca of sslContextFactory: ${checked.reason}`);
}

function unusable({ option, path }: Source, reason: string): ConfigError {
  return failure(`Cannot use ${option} ${show(path)}: ${reason}`);
}

function failure(message: string, options?: ErrorOptions): ConfigError {
  return new ConfigError(message, 3, options);
}

function show(path: string): string {
  return `"${printable(path)}"`;
}
