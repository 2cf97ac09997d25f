/** Logs whose streams and files are arrays. */
import type { Logger } from "../../src/logging/logger.ts";
import { createLogging, type Logging } from "../../src/logging/logging.ts";
import type { AllLoggingOptions } from "../../src/logging/logging_options.ts";
import type { LogFile } from "../../src/logging/logging_output.ts";

/** What is to be tried. */
export interface Setup {
  readonly options?: Partial<AllLoggingOptions>;
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
  /** Texts of files, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly parseYaml?: (text: string) => unknown;
}

/** A log file that writes what happens to it. */
export class FakeFile implements LogFile {
  readonly isTerminal = false;
  onDropped: LogFile["onDropped"];
  onFailure: LogFile["onFailure"];
  dropped = 0;
  problem: string | undefined;
  readonly #path: string;
  readonly #written: string[];

  constructor(path: string, written: string[]) {
    this.#path = path;
    this.#written = written;
  }

  write(text: string): void {
    this.#written.push(`${this.#path} ${text}`);
  }

  flush(): number {
    return this.dropped;
  }

  reopen(): string | undefined {
    if (this.problem === undefined) this.#written.push(`reopen ${this.#path}`);
    return this.problem;
  }

  close(): void {
    this.#written.push(`close ${this.#path}`);
  }
}

/** What was written, in order, each piece with the name of its stream or file in front. */
export function setUp(
  setup: Setup = {},
): {
  logging: Logging;
  options: AllLoggingOptions;
  written: string[];
  files: FakeFile[];
  endTurn: () => void;
} {
  const written: string[] = [];
  const files: FakeFile[] = [];
  const turns: (() => void)[] = [];
  const options: AllLoggingOptions = {
    logLevel: undefined,
    logFormat: "text",
    logTimestamps: false,
    logConfig: undefined,
    logSink: undefined,
    accessLog: true,
    accessLogFile: undefined,
    accessLogFormat: "uvicorn",
    accessLogExclude: [],
    accessLogSample: 1,
    useColors: undefined,
    ...setup.options,
  };
  const logging = createLogging(options, {
    stdout: {
      isTerminal: setup.stdoutIsTerminal ?? false,
      write: (text) => void written.push(`out ${text}`),
    },
    stderr: {
      isTerminal: setup.stderrIsTerminal ?? false,
      write: (text) => void written.push(`err ${text}`),
    },
    env: (name) => setup.variables?.[name],
    afterTurn: (callback) => void turns.push(callback),
    phrase: (status) =>
      status === 200 ? "OK" : status === 404 ? "Not Found" : "",
    pid: 42,
    ...(setup.parseYaml === undefined ? {} : { parseYaml: setup.parseYaml }),
    readText(path) {
      const text = setup.files?.[path];
      if (text === undefined) throw new Error("ENOENT: no such file");
      return text;
    },
    async openLogFile(path) {
      if (path.startsWith("missing/")) {
        throw new Error("ENOENT: no such folder");
      }
      const file = new FakeFile(path, written);
      files.push(file);
      return file;
    },
  });
  return {
    logging,
    options,
    written,
    files,
    endTurn: () => turns.splice(0).forEach((callback) => callback()),
  };
}

/** Logs of which the server's own go to `logger`; there is no access log. */
export function loggingOf(logger: Logger): Logging {
  return {
    server: logger,
    asgi: logger,
    access: undefined,
    open: () => Promise.resolve(),
    observe() {},
    reopen() {},
    reconfigure: () => Promise.resolve(true),
    flush() {},
  };
}
