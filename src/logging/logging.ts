/** The three loggers of a server and the two streams they write to (process:P-101). */
import { type AccessLog, TextAccessLog } from "./access_log.ts";
import { LEVEL_NUMBERS, type Logger, type LogLevel } from "./logger.ts";
import { usesColors } from "./styles.ts";
import { TextLogger } from "./text_logger.ts";

/** Where lines go. Never throws. */
export interface TextSink {
  /** Whether a person reads it. */
  readonly isTerminal: boolean;
  /** Takes whole lines, in one piece. */
  write(text: string): void;
}

/** What is logged, and how. */
export interface LoggingOptions {
  /** Least important level that is logged. */
  readonly logLevel: LogLevel;
  /** Whether there is a line for every response. */
  readonly accessLog: boolean;
  /** `undefined`: decided for each stream by itself (process:P-107). */
  readonly useColors: boolean | undefined;
}

/** What logging needs of its surroundings. */
export interface LoggingOutput {
  /** Takes the access log. */
  readonly stdout: TextSink;
  /** Takes everything else. */
  readonly stderr: TextSink;
  /** An environment variable: `NO_COLOR`, `FORCE_COLOR`, `TERM`. */
  env(name: string): string | undefined;
  /** Calls back once, when the current turn of the event loop is over. */
  afterTurn(callback: () => void): void;
  /** The words for a status, such as `OK`; `""` if it has none. */
  phrase(status: number): string;
}

/** The loggers of one server. */
export interface Logging {
  /** The life of the server; named `tricorn`. */
  readonly server: Logger;
  /** The messages between server and application; named `tricorn.asgi`. */
  readonly asgi: Logger;
  /** `undefined` when nobody would see a line: then nothing need be measured for it. */
  readonly access: AccessLog | undefined;
  /** Writes the access lines that wait for the end of the turn: to be called before the process ends. */
  flush(): void;
}

/** Makes the loggers. Colours are decided now, levels are fixed. */
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
  const format = {
    level: logLevel,
    isColored: usesColors(useColors, stderr, env),
    write(text: string): void {
      // Both streams often end in one terminal or file: what happened first is told first.
      flush();
      stderr.write(text);
    },
  };
  return {
    server: new TextLogger("tricorn", format),
    asgi: new TextLogger("tricorn.asgi", format),
    access,
    flush,
  };
}
