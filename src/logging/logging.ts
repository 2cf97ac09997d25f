/** The logs of a server and the two streams they are written to. */
import { type AccessLog, TextAccessLog } from "./access_log.ts";
import { LEVEL_NUMBERS, type Logger, type LogLevel } from "./logger.ts";
import { RecordLogger } from "./record_logger.ts";
import { usesColors } from "./styles.ts";
import { textFormat } from "./text_format.ts";

/** Takes the text of a log. Never throws. */
export interface TextSink {
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
  /** Takes whole lines, in one piece. */
  write(text: string): void;
}

/** Options of logging: checked and complete. */
export interface LoggingOptions {
  /** Least severe level that is logged. Default: `"info"`. */
  readonly logLevel: LogLevel;
  /** Whether each response gets a line on standard output. Default: true. */
  readonly accessLog: boolean;
  /**
   * Whether log lines are coloured. Default: `undefined`, decided for each stream: by
   * `FORCE_COLOR`, then `NO_COLOR`, then whether it is a terminal.
   */
  readonly useColors: boolean | undefined;
}

/** What logging needs of the process. */
export interface LoggingOutput {
  /** Receives the access log. */
  readonly stdout: TextSink;
  /** Receives all other messages. */
  readonly stderr: TextSink;
  /** Looks up an environment variable: `NO_COLOR`, `FORCE_COLOR`, `TERM`. */
  env(name: string): string | undefined;
  /** Calls back once, after the current iteration of the event loop. */
  afterTurn(callback: () => void): void;
  /** The reason phrase of a status, such as `OK`; `""` if it has none. */
  phrase(status: number): string;
}

/** The logs of one server. */
export interface Logging {
  /** Messages of the server; named `tricorn`. */
  readonly server: Logger;
  /** `undefined` if its lines would not be written: then entries need not be built. */
  readonly access: AccessLog | undefined;
  /** Writes buffered access lines. Call it before the process ends. */
  flush(): void;
}

/** Makes the logs. Level and colours are decided now and do not change. */
export function createLogging(
  options: LoggingOptions,
  out: LoggingOutput,
): Logging {
  const { logLevel, accessLog, useColors } = options;
  const { stdout, stderr } = out;
  const env = (name: string) => out.env(name);
  const hasAccess = accessLog && LEVEL_NUMBERS[logLevel] <= LEVEL_NUMBERS.info;
  const access = !hasAccess ? undefined : new TextAccessLog({
    isColored: usesColors(useColors, stdout, env),
    write: (text) => stdout.write(text),
    afterTurn: (callback) => out.afterTurn(callback),
    phrase: (status) => out.phrase(status),
  });
  const flush = (): void => access?.flush();
  const server = new RecordLogger("tricorn", {
    level: logLevel,
    format: textFormat(usesColors(useColors, stderr, env)),
    write(text: string): void {
      // Both streams often go to the same terminal or file: keep the order of events.
      flush();
      stderr.write(text);
    },
  });
  return { server, access, flush };
}
