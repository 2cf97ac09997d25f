/** Options of TLS: certificates, versions, client certificates. */
import { quote, type Verdict } from "./value_types.ts";
import type { OptionTable } from "./definition.ts";

/** Supported versions of TLS; older ones are deprecated (RFC 8996). */
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
  /** PEM of the certificate, followed by its intermediates. */
  readonly cert: string;
  /** PEM; `undefined` if the key is in `cert`. */
  readonly key?: string | undefined;
  /** Passphrase of an encrypted key. */
  readonly passphrase?: string | undefined;
  /** Host names it is used for, by SNI. Default: those in the certificate. */
  readonly names?: readonly string[] | undefined;
}

/** Certificates and settings of TLS. A field that is left out follows the options. */
export interface SslContext {
  /** At least one; the first is used for peers that send no SNI name, or an unknown one. */
  readonly identities: readonly SslIdentity[];
  /** PEM of the authorities that sign client certificates. */
  readonly ca?: string | undefined;
  /** As the option `sslCertReqs`. */
  readonly clientCertificates?: "none" | "optional" | "required" | undefined;
  /** Oldest TLS version accepted. */
  readonly minVersion?: TlsVersion | undefined;
  /** Newest TLS version accepted. */
  readonly maxVersion?: TlsVersion | undefined;
  /** Cipher suites of TLS 1.2 as an OpenSSL cipher list. */
  readonly ciphers?: string | undefined;
}

/**
 * Makes the TLS context, at the start and at each reload.
 *
 * @param options The server's options.
 * @param defaultFactory Makes the context that the options alone describe: reads their files.
 *
 * @example
 * ```ts
 * import type { SslContextFactory } from "jsr:@tricorn/serve";
 *
 * // The certificate from memory, everything else as the options say.
 * const sslContextFactory: SslContextFactory = (options) => ({
 *   identities: [{ cert: certificatePem, key: keyPem }],
 *   minVersion: options.sslMinVersion,
 * });
 * const server = serve(app, { port: 8000, sslContextFactory });
 * console.log(await server.listening);
 * ```
 */
export type SslContextFactory = (
  options: TlsOptions,
  defaultFactory: () => Promise<SslContext>,
) => SslContext | Promise<SslContext>;

/** Options of TLS: checked and complete. */
export interface TlsOptions {
  /** PEM file of the certificate chain; enables TLS. Default: `undefined`. */
  readonly sslCertfile: string | undefined;
  /** PEM file of the private key. Default: `undefined`, the key is in `sslCertfile`. */
  readonly sslKeyfile: string | undefined;
  /** Password of encrypted keys. Default: `undefined`. */
  readonly sslKeyfilePassword: string | undefined;
  /** Certificates for further host names, chosen by SNI. Default: `[]`. */
  readonly sslSni: readonly SniFiles[];
  /** PEM file of the authorities that sign client certificates. Default: `undefined`. */
  readonly sslCaCerts: string | undefined;
  /**
   * Client certificates: not requested (`none`), requested (`optional`; an unverified one is
   * accepted and reported to the application), or `required`. Default: `"none"`.
   */
  readonly sslCertReqs: "none" | "optional" | "required";
  /** Oldest TLS version accepted. Default: `"TLSv1.2"`. */
  readonly sslMinVersion: TlsVersion;
  /** Newest TLS version accepted. Default: `"TLSv1.3"`. */
  readonly sslMaxVersion: TlsVersion;
  /**
   * The only TLS version accepted; `default` uses `sslMinVersion` and `sslMaxVersion`. Default:
   * `"default"`.
   */
  readonly sslVersion: "default" | TlsVersion;
  /**
   * Cipher suites of TLS 1.2 as an OpenSSL cipher list. Default: `undefined`, the runtime's own.
   */
  readonly sslCiphers: string | undefined;
  /**
   * Whether the server generates a certificate for localhost in memory, for development. Default:
   * false.
   */
  readonly sslDev: boolean;
  /** Makes the TLS context in a program; enables TLS. Default: `undefined`. */
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
      "Enables TLS.",
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
      "Password of an encrypted key. Other users of the machine can see command lines: use the " +
      "environment variable.",
  },
  sslSni: {
    group: "TLS",
    flag: "--ssl-sni",
    type: { kind: "list", metavar: "CERTFILE[,KEYFILE]", readItem: readSni },
    default: Object.freeze([]),
    defaultText: "none",
    check: checkSni,
    help:
      "Further certificate, used for clients that ask for one of its names by SNI. May be " +
      "repeated.",
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
      "Client certificates. optional: unverified certificates are accepted and reported to the " +
      "application.",
  },
  sslMinVersion: {
    group: "TLS",
    flag: "--ssl-min-version",
    type: { kind: "choice", choices: VERSIONS, aliases: VERSION_ALIASES },
    default: "TLSv1.2",
    help: "Oldest TLS version to accept.",
  },
  sslMaxVersion: {
    group: "TLS",
    flag: "--ssl-max-version",
    type: { kind: "choice", choices: VERSIONS, aliases: VERSION_ALIASES },
    default: "TLSv1.3",
    help: "Newest TLS version to accept.",
  },
  sslVersion: {
    group: "TLS",
    flag: "--ssl-version",
    type: {
      kind: "choice",
      choices: ["default", ...VERSIONS],
      // Python's PROTOCOL_TLS and PROTOCOL_TLS_SERVER: negotiate the version.
      aliases: { ...VERSION_ALIASES, "2": "default", "17": "default" },
    },
    default: "default",
    excludes: ["sslMinVersion", "sslMaxVersion"],
    excludesBecause: "they name different versions of TLS",
    help: "The only TLS version to accept.",
  },
  sslCiphers: {
    group: "TLS",
    flag: "--ssl-ciphers",
    type: { kind: "text", metavar: "TEXT" },
    default: undefined,
    defaultText: "the runtime's own",
    help: "Cipher suites of TLS 1.2, as an OpenSSL cipher list.",
  },
  sslDev: {
    group: "TLS",
    flag: "--ssl-dev",
    type: { kind: "boolean" },
    default: false,
    excludes: ["sslCertfile", "sslKeyfile", "sslKeyfilePassword", "sslSni"],
    excludesBecause: SAME_CERTIFICATE,
    help:
      "Generate a certificate for localhost in memory, for development, and log its fingerprint.",
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
      "Function that returns certificates, keys and settings of TLS, called at the start and at " +
      "each reload.",
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

/** {@linkcode TlsOptions}, each optional. */
type TlsInput = {
  readonly [K in keyof TlsOptions]?: TlsOptions[K] | undefined;
};

/** Options without effect unless TLS is enabled. */
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
 * Finds conflicts between options of TLS that are each valid. A server that was given a key, or
 * asked for client certificates, must not start without TLS.
 *
 * @param show The name of an option where it was given: a flag, a variable or a key.
 * @returns The problem, without a final period; `undefined` if there is none.
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
    }: no certificate could be verified`;
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
