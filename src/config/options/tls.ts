/** How connections are encrypted, and by whose certificate. */
import { quote, type Verdict } from "./value_types.ts";
import type { OptionTable } from "./definition.ts";

/** Versions of TLS that are spoken; older ones are not (RFC 8996). */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** A certificate for further names, and its key. */
export interface SniFiles {
  /** PEM; may hold the key too. */
  readonly certfile: string;
  /** PEM; `undefined` if the key is in `certfile`. */
  readonly keyfile?: string | undefined;
}

/** A certificate and its key, in memory. */
export interface SslIdentity {
  /** PEM of the certificate, then of those that sign it. */
  readonly cert: string;
  /** PEM; `undefined` if the key is in `cert`. */
  readonly key?: string | undefined;
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
  /** Names it is chosen for by SNI; default: those in the certificate. */
  readonly names?: readonly string[] | undefined;
}

/** What TLS shows and demands. What is left out is as the other options say. */
export interface SslContext {
  /** At least one; the first is shown to peers that ask for no name, or an unknown one. */
  readonly identities: readonly SslIdentity[];
  /** PEM of the authorities that sign client certificates. */
  readonly ca?: string | undefined;
  /** Whether clients are asked for a certificate, and refused without a good one. */
  readonly clientCertificates?: "none" | "optional" | "required" | undefined;
  /** Oldest version that is spoken. */
  readonly minVersion?: TlsVersion | undefined;
  /** Newest version that is spoken. */
  readonly maxVersion?: TlsVersion | undefined;
  /** In OpenSSL's words. */
  readonly ciphers?: string | undefined;
}

/**
 * Makes what TLS shows and demands, at the start and at each reload (options:O-056).
 *
 * @param options The server's options.
 * @param defaultFactory Makes what the options alone would: reads their files.
 */
export type SslContextFactory = (
  options: TlsOptions,
  defaultFactory: () => Promise<SslContext>,
) => SslContext | Promise<SslContext>;

/** How connections are encrypted: checked and complete. */
export interface TlsOptions {
  /** PEM file of the certificate chain; switches TLS on (options:O-049). */
  readonly sslCertfile: string | undefined;
  /** PEM file of the private key; `undefined` if it is in `sslCertfile` (options:O-050). */
  readonly sslKeyfile: string | undefined;
  /** Of encrypted keys (options:O-051). */
  readonly sslKeyfilePassword: string | undefined;
  /** Certificates for further names, chosen by SNI. */
  readonly sslSni: readonly SniFiles[];
  /** PEM file of the authorities that sign client certificates (options:O-054). */
  readonly sslCaCerts: string | undefined;
  /** Whether clients are asked for a certificate (options:O-053). */
  readonly sslCertReqs: "none" | "optional" | "required";
  /** Oldest version spoken. */
  readonly sslMinVersion: TlsVersion;
  /** Newest version spoken. */
  readonly sslMaxVersion: TlsVersion;
  /** The one version spoken; `default` leaves it to the two before (options:O-052). */
  readonly sslVersion: "default" | TlsVersion;
  /** Cipher suites of TLS 1.2, in OpenSSL's words (options:O-055). */
  readonly sslCiphers: string | undefined;
  /** Whether a certificate for this machine is made in memory. */
  readonly sslDev: boolean;
  /** Makes all of this in a program; switches TLS on (options:O-056). */
  readonly sslContextFactory: SslContextFactory | undefined;
}

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
const VERSION_ALIASES = { "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;
const SAME_CERTIFICATE = "they name different certificates";

/** See {@linkcode TlsOptions}. */
export const TLS_OPTIONS: OptionTable<TlsOptions> = {
  sslCertfile: {
    group: "TLS",
    flag: "--ssl-certfile",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkPath,
    help:
      "PEM file of the certificate chain, the server's own first; may hold the key too. " +
      "Switches TLS on.",
  },
  sslKeyfile: {
    group: "TLS",
    flag: "--ssl-keyfile",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkPath,
    help: "PEM file of the private key.",
  },
  sslKeyfilePassword: {
    group: "TLS",
    flag: "--ssl-keyfile-password",
    type: { kind: "text", metavar: "TEXT" },
    default: undefined,
    isSecret: true,
    help:
      "Password of an encrypted key. Other users of the machine can see flags: the variable " +
      "keeps it from them.",
  },
  sslSni: {
    group: "TLS",
    flag: "--ssl-sni",
    type: { kind: "list", metavar: "CERTFILE[,KEYFILE]", readItem: readSni },
    default: Object.freeze([]),
    defaultText: "none",
    check: checkSni,
    help:
      "Certificate for clients that ask for one of the names in it. May be repeated.",
  },
  sslCaCerts: {
    group: "TLS",
    flag: "--ssl-ca-certs",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkPath,
    help: "PEM file of the authorities that sign client certificates.",
  },
  sslCertReqs: {
    group: "TLS",
    flag: "--ssl-cert-reqs",
    type: {
      kind: "choice",
      choices: ["none", "optional", "required"],
      aliases: { "0": "none", "1": "optional", "2": "required" },
    },
    default: "none",
    help:
      "Ask clients for a certificate. With optional, one that is not believed is let through, " +
      "and the application told.",
  },
  sslMinVersion: {
    group: "TLS",
    flag: "--ssl-min-version",
    type: { kind: "choice", choices: VERSIONS, aliases: VERSION_ALIASES },
    default: "TLSv1.2",
    help: "Oldest version of TLS that is spoken.",
  },
  sslMaxVersion: {
    group: "TLS",
    flag: "--ssl-max-version",
    type: { kind: "choice", choices: VERSIONS, aliases: VERSION_ALIASES },
    default: "TLSv1.3",
    help: "Newest version of TLS that is spoken.",
  },
  sslVersion: {
    group: "TLS",
    flag: "--ssl-version",
    type: {
      kind: "choice",
      choices: ["default", ...VERSIONS],
      // Python's numbers for "whatever both sides know".
      aliases: { ...VERSION_ALIASES, "2": "default", "17": "default" },
    },
    default: "default",
    excludes: ["sslMinVersion", "sslMaxVersion"],
    excludesBecause: "they name different versions of TLS",
    help: "The one version of TLS that is spoken.",
  },
  sslCiphers: {
    group: "TLS",
    flag: "--ssl-ciphers",
    type: { kind: "text", metavar: "TEXT" },
    default: undefined,
    defaultText: "the runtime's own",
    help: "Cipher suites, as OpenSSL writes them.",
  },
  sslDev: {
    group: "TLS",
    flag: "--ssl-dev",
    type: { kind: "boolean" },
    default: false,
    excludes: ["sslCertfile", "sslKeyfile", "sslKeyfilePassword", "sslSni"],
    excludesBecause: SAME_CERTIFICATE,
    help:
      "Make a certificate for localhost in memory, for development. Its fingerprint is printed.",
  },
  sslContextFactory: {
    group: "TLS",
    flag: "--ssl-context-factory",
    type: {
      kind: "program",
      noun: "a function",
      accepts: (value) => typeof value === "function",
    },
    default: undefined,
    excludes: ["sslDev"],
    excludesBecause: SAME_CERTIFICATE,
    help:
      "Function that returns certificates, keys and what else TLS needs, called at the start and " +
      "at each reload.",
  },
};

/** Whether connections are encrypted. */
export function usesTls(options: TlsOptions): boolean {
  return options.sslCertfile !== undefined || options.sslDev ||
    options.sslContextFactory !== undefined;
}

/** The oldest and the newest version of TLS that `options` allow. */
export function tlsVersions(
  { sslVersion, sslMinVersion, sslMaxVersion }: TlsOptions,
): { readonly min: TlsVersion; readonly max: TlsVersion } {
  return sslVersion === "default"
    ? { min: sslMinVersion, max: sslMaxVersion }
    : { min: sslVersion, max: sslVersion };
}

/** What may be given of {@linkcode TlsOptions}. */
type TlsInput = {
  readonly [K in keyof TlsOptions]?: TlsOptions[K] | undefined;
};

/** Options that do nothing where connections are not encrypted. */
const NEEDS_TLS = [
  "sslKeyfilePassword",
  "sslCaCerts",
  "sslCertReqs",
  "sslMinVersion",
  "sslMaxVersion",
  "sslVersion",
  "sslCiphers",
] as const;

/**
 * Finds what is wrong with options that are each right. Whoever asks for a key, or for client
 * certificates, must not be served without TLS (options:B-006).
 *
 * @param show How an option is called where it was given.
 * @returns A sentence without its period; `undefined` if nothing is wrong.
 */
export function tlsProblem(
  input: TlsInput,
  show: (name: keyof TlsOptions) => string,
): string | undefined {
  const { sslContextFactory, sslCertfile, sslCertReqs = "none" } = input;
  const hasFactory = sslContextFactory !== undefined;
  for (const name of ["sslKeyfile", "sslSni"] as const) {
    if (input[name] === undefined || hasFactory) continue;
    if (name === "sslSni" && input[name]!.length === 0) continue;
    if (sslCertfile === undefined) {
      return `Cannot use ${show(name)} without ${show("sslCertfile")}`;
    }
  }
  const isOn = hasFactory || sslCertfile !== undefined || input.sslDev === true;
  const idle = NEEDS_TLS.find((name) =>
    input[name] !== undefined && input[name] !== TLS_OPTIONS[name].default
  );
  if (!isOn && idle !== undefined) {
    return `Cannot use ${show(idle)} without ${show("sslCertfile")}`;
  }
  const asks = sslCertReqs !== "none" && !hasFactory;
  if (asks && input.sslCaCerts === undefined) {
    return `Cannot use ${show("sslCertReqs")} without ${
      show("sslCaCerts")
    }: nobody would be believed`;
  }
  const { sslMinVersion = "TLSv1.2", sslMaxVersion = "TLSv1.3" } = input;
  return sslMinVersion > sslMaxVersion
    ? `Cannot use ${show("sslMinVersion")} together with ${
      show("sslMaxVersion")
    }: the oldest version is newer than the newest`
    : undefined;
}

function checkPath(path: string): Verdict<string> {
  return path === "" ? { problem: "'' is not a path." } : { value: path };
}

/** One `CERTFILE[,KEYFILE]`. */
function readSni(text: string): Verdict<SniFiles> {
  const [certfile, keyfile, more] = text.split(",");
  if (certfile === "" || keyfile === "" || more !== undefined) {
    return {
      problem: `${quote(text)} is not of the form 'CERTFILE[,KEYFILE]'.`,
    };
  }
  return { value: Object.freeze({ certfile: certfile!, keyfile }) };
}

function checkSni(files: readonly unknown[]): Verdict<readonly SniFiles[]> {
  const checked: SniFiles[] = [];
  for (const item of files) {
    const { certfile, keyfile } =
      (typeof item === "object" && item !== null ? item : {}) as SniFiles;
    if (
      typeof certfile !== "string" || certfile === "" ||
      (keyfile !== undefined && (typeof keyfile !== "string" || keyfile === ""))
    ) {
      return {
        problem: `${
          quote(item)
        } is not an object with the paths certfile and keyfile.`,
      };
    }
    checked.push(Object.freeze({ certfile, keyfile }));
  }
  return { value: Object.freeze(checked) };
}
