/**
 * The certificates of one server while it runs. They are exchanged when somebody asks for it, or
 * when their files have changed; what cannot be used is told and leaves those of before in place.
 */
import { printable } from "../../config/options/value_types.ts";
import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../logging/logger.ts";
import type {
  Runtime,
  TlsContext,
  TlsFault,
  TlsSettings,
} from "../../runtime/types.ts";
import { fileStamp } from "../../tls/pem_file.ts";
import type { TlsMaterial } from "./tls_material.ts";

/** Between two looks at the files, in milliseconds. */
const LOOK_MS = 2_000;

/** Longest part of a library's message that is logged, in characters. */
const MAX_MESSAGE = 200;

/** What certificates need of their server. */
export interface CertificateParts {
  /** Reads and checks everything anew. */
  readonly load: () => Promise<TlsMaterial>;
  /** Files to watch. */
  readonly files: readonly string[];
  readonly runtime: Pick<Runtime, "loadTls" | "every" | "name">;
  readonly logger: Logger;
}

/** See the top of the file. */
export class Certificates {
  /** What listeners use. */
  readonly context: TlsContext;
  readonly #parts: CertificateParts;
  /** The files as they were before what is in use was read. */
  #stamps: string;
  /** The files as they were at the last look, if they had changed: they may still be written. */
  #candidate: string | undefined;
  #isLooking = false;
  /** Reloads happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #stopLooking: () => void = () => {};

  private constructor(
    context: TlsContext,
    stamps: string,
    parts: CertificateParts,
  ) {
    this.context = context;
    this.#stamps = stamps;
    this.#parts = parts;
  }

  /** @throws ConfigError with exit code 3 if something cannot be used. */
  static async open(parts: CertificateParts): Promise<Certificates> {
    const stamps = await stampsOf(parts.files);
    const { settings, summary } = await parts.load();
    const onFault = (fault: TlsFault) => logFault(fault, parts);
    const { createTls } = await parts.runtime.loadTls();
    const context = attributed(
      settings,
      (chosen) => createTls(chosen, onFault),
    );
    parts.logger.debug(`TLS certificates: ${summary}`);
    return new Certificates(context, stamps, parts);
  }

  /** Looks at the files every few seconds from now on, until `close`. */
  watch(): void {
    if (this.#parts.files.length === 0) return;
    this.#stopLooking = this.#parts.runtime.every(
      LOOK_MS,
      () => void this.#look(),
    );
  }

  /** Stops looking. */
  close(): void {
    this.#stopLooking();
  }

  /**
   * Reads everything anew and uses it for every handshake from now on.
   *
   * @throws ConfigError, which is in the log then; what was used before stays in use.
   */
  reload(): Promise<void> {
    const reloading = this.#last.then(() => this.#reload());
    this.#last = reloading.catch(() => {});
    return reloading;
  }

  async #reload(): Promise<void> {
    const { files, load, logger } = this.#parts;
    // Before reading: what changes meanwhile is another change.
    this.#stamps = await stampsOf(files);
    try {
      const { settings, summary } = await load();
      attributed(settings, (chosen) => this.context.update(chosen));
      logger.info(`TLS certificates reloaded: ${summary}`);
    } catch (error) {
      logger.error(
        "TLS certificates not reloaded, those of before stay in use. " +
          (error instanceof Error ? error.message : String(error)),
      );
      throw error;
    }
  }

  /** Reloads once two looks in a row found the same new state: nobody is writing any more. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#last;
      const stamps = await stampsOf(this.#parts.files);
      if (stamps === this.#stamps) {
        this.#candidate = undefined;
      } else if (stamps !== this.#candidate) {
        this.#candidate = stamps;
      } else {
        this.#candidate = undefined;
        await this.reload().catch(() => {}); // it is in the log
      }
    } finally {
      this.#isLooking = false;
    }
  }
}

async function stampsOf(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(fileStamp))).join("\n");
}

/** Runs `use`; finds out which option is to blame if TLS takes none of `settings`. */
function attributed<T>(
  settings: TlsSettings,
  use: (settings: TlsSettings) => T,
): T {
  try {
    return use(settings);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const { ciphers } = settings;
    const subject = ciphers !== undefined && /cipher/i.test(text)
      ? `--ssl-ciphers "${printable(ciphers)}"`
      : "these TLS settings";
    throw new ConfigError(`Cannot use ${subject}: ${oneLine(text)}`, 3, {
      cause: error,
    });
  }
}

/** The code of a certificate that no authority has signed. */
const UNVERIFIED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
/** What else Deno 2.9 means by it: Node and Bun take such certificates. */
const OLD =
  "; Deno refuses X.509 version 1 like this, which is what openssl x509 -req makes without " +
  "extensions";

/** A handshake that failed, for the log: who scans ports must not fill it. */
function logFault(
  fault: TlsFault,
  { logger, runtime }: Pick<CertificateParts, "logger" | "runtime">,
): void {
  const { kind, remoteAddress } = fault;
  const message = oneLine(fault.message);
  if (kind === "plainHttp") {
    logger.warning(
      "Invalid HTTP request received. Cannot read TLS handshake: plain HTTP arrived on a port " +
        "that speaks HTTPS",
    );
  } else if (kind === "clientCertificate") {
    logger.info(
      `TLS handshake failed: client certificate refused (${message}${
        runtime.name === "deno" && message.includes(UNVERIFIED) ? OLD : ""
      })`,
    );
  }
  if (!logger.isEnabled("debug")) return;
  const client = remoteAddress?.kind === "tcp"
    ? `${remoteAddress.host}:${remoteAddress.port} - `
    : "";
  logger.debug(`${client}TLS handshake failed (${kind}): ${message}`);
}

/** OpenSSL ends its messages with a line break, and puts process-wide numbers in front. */
function oneLine(text: string): string {
  return printable(text.trim().replace(/\s+/g, " ")).slice(0, MAX_MESSAGE);
}
