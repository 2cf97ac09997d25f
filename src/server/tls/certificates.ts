/**
 * The certificates of a running server. They are reloaded on demand and when their files change;
 * a reload that fails is logged and leaves the current ones in use.
 */
import { printable } from "../../text/printable.ts";
import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../logging/logger.ts";
import type {
  Runtime,
  TlsContext,
  TlsFault,
  TlsSettings,
} from "../../runtime/types.ts";
import { fileStamp } from "../../tls/pem_file.ts";
import { FileWatcher } from "../file_watcher.ts";
import type { TlsMaterial } from "./tls_material.ts";

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

/** The certificates of one server. */
export class Certificates {
  /** What listeners use. */
  readonly context: TlsContext;
  readonly #parts: CertificateParts;
  readonly #watcher: FileWatcher;
  /** Reloads happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    context: TlsContext,
    watcher: FileWatcher,
    parts: CertificateParts,
  ) {
    this.context = context;
    this.#watcher = watcher;
    this.#parts = parts;
  }

  /** @throws ConfigError with exit code 3 if something cannot be used. */
  static async open(parts: CertificateParts): Promise<Certificates> {
    const { files, load, logger, runtime } = parts;
    const watcher = new FileWatcher({
      files,
      stampOf: fileStamp,
      every: runtime.every,
    });
    await watcher.note();
    const { settings, summary } = await load();
    const onFault = (fault: TlsFault) => logFault(fault, parts);
    const { createTls } = await runtime.loadTls();
    const context = attributed(
      settings,
      (chosen) => createTls(chosen, onFault),
    );
    logger.debug(`TLS certificates: ${summary}`);
    return new Certificates(context, watcher, parts);
  }

  /** Reloads from now on when the files change, until `close`. */
  watch(): void {
    this.#watcher.watch(async () => {
      await this.reload().catch(() => {}); // it is in the log
    });
  }

  /** Stops watching the files. */
  close(): void {
    this.#watcher.close();
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
    const { load, logger } = this.#parts;
    await this.#watcher.note();
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

/** Logs a failed handshake; details at debug level only, so that port scans do not flood the log. */
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
