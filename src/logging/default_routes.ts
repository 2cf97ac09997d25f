/** Where records go without a log configuration: to the standard streams, or to one sink. */
import { accessFormat } from "./access/access_format.ts";
import { type LogHandler, SinkHandler, TextHandler } from "./handler.ts";
import { jsonFormat } from "./json_format.ts";
import { LEVEL_NUMBERS } from "./logger.ts";
import type { AllLoggingOptions } from "./logging_options.ts";
import type { LogFile, LoggingOutput, TextSink } from "./logging_output.ts";
import { type LogRoute, NO_ROUTE } from "./record_logger.ts";
import { usesColors } from "./styles.ts";
import { textFormat } from "./text_format.ts";
import { stampLines } from "./timestamp.ts";

/** What these routes need of the process. */
export type DefaultOutput = Pick<
  LoggingOutput,
  "stdout" | "stderr" | "env" | "pid" | "phrase"
>;

/** The routes of the three loggers. */
export interface LogRoutes {
  readonly server: LogRoute;
  readonly access: LogRoute;
  readonly asgi: LogRoute;
}

/** Routes to nowhere. */
export const NO_ROUTES: LogRoutes = {
  server: NO_ROUTE,
  access: NO_ROUTE,
  asgi: NO_ROUTE,
};

/**
 * Makes the routes that the options describe, `logConfig` aside. Colours are decided now.
 *
 * @param onFailure Called with what the sink of the program throws.
 * @param accessFile Takes access lines in place of standard output or the sink.
 */
export function defaultRoutes(
  options: AllLoggingOptions,
  out: DefaultOutput,
  onFailure: (error: unknown) => void,
  accessFile?: LogFile,
): LogRoutes {
  const threshold = LEVEL_NUMBERS[options.logLevel ?? "info"];
  const routeTo = (handler: LogHandler): LogRoute => ({
    threshold,
    handlers: [handler],
  });
  const { logSink, accessLog } = options;
  const server = routeTo(
    logSink === undefined
      ? streamHandler(out.stderr, options, out)
      : new SinkHandler(logSink, onFailure),
  );
  const access = !accessLog
    ? NO_ROUTE
    : accessFile !== undefined
    ? routeTo(streamHandler(sinkOf(accessFile), options, out))
    : logSink === undefined
    ? routeTo(streamHandler(out.stdout, options, out))
    : server;
  return { server, access, asgi: server };
}

function sinkOf(file: LogFile): TextSink {
  return { isTerminal: false, write: (text) => file.write(text) };
}

function streamHandler(
  stream: TextSink,
  options: AllLoggingOptions,
  out: DefaultOutput,
): LogHandler {
  const { logFormat, logTimestamps, accessLogFormat } = options;
  const env = (name: string) => out.env(name);
  const isJson = logFormat === "json";
  const isColored = !isJson && usesColors(options.useColors, stream, env);
  const write = (text: string): void => stream.write(text);
  const isUvicorns = accessLogFormat === "uvicorn";
  return new TextHandler({
    format: isJson ? jsonFormat : textFormat(isColored, logTimestamps),
    write,
    accessLines: {
      format: accessFormat(isJson && isUvicorns ? "json" : accessLogFormat, {
        isColored,
        phrase: (status) => out.phrase(status),
        env,
        pid: out.pid,
      }),
      // Other formats have atoms for the time. Lines of one turn are written together, and have the
      // time of its end.
      write: logTimestamps && isUvicorns && !isJson
        ? (text) => stream.write(stampLines(text, Date.now()))
        : write,
    },
  });
}
