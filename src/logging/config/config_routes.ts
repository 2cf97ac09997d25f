/** Makes the handlers of a log configuration, and opens their files. */
import { ConfigError } from "../../errors.ts";
import { accessFormat } from "../access/access_format.ts";
import type { LogRoutes } from "../default_routes.ts";
import { type LogHandler, SinkHandler, TextHandler } from "../handler.ts";
import type { LogFile, LoggingOutput, TextSink } from "../logging_output.ts";
import type { LogRoute } from "../record_logger.ts";
import { usesColors } from "../styles.ts";
import { below, problemAt, reasonOf } from "./problems.ts";
import type { HandlerPlan, LogPlan, RoutePlan } from "./plan.ts";

/** Routes, and the files that they write to, by path. */
export interface ConfigRoutes {
  readonly routes: LogRoutes;
  readonly files: ReadonlyMap<string, LogFile>;
}

/** What the handlers need. */
export interface HandlerContext {
  readonly out: Pick<
    LoggingOutput,
    "stdout" | "stderr" | "env" | "pid" | "phrase" | "openLogFile"
  >;
  /** The option; `undefined` leaves it to the stream. */
  readonly useColors: boolean | undefined;
  /** Of formatters that write access lines. */
  readonly accessLogFormat: string;
  /** Called with what sinks and formatters of the program throw. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Makes the handlers that the loggers use.
 *
 * @throws ConfigError if a file cannot be opened, with exit code 3; those opened before are closed.
 */
export async function configRoutes(
  plan: LogPlan,
  context: HandlerContext,
): Promise<ConfigRoutes> {
  const files = await openFiles(plan, context);
  const made = new Map<HandlerPlan, LogHandler>();
  const handlerOf = (handler: HandlerPlan): LogHandler => {
    const known = made.get(handler);
    if (known !== undefined) return known;
    const built = makeHandler(handler, files, context);
    made.set(handler, built);
    return built;
  };
  const routeOf = ({ threshold, handlers }: RoutePlan): LogRoute => ({
    threshold,
    handlers: handlers.filter(({ output }) => output.kind !== "null")
      .map(handlerOf),
  });
  const routes = {
    server: routeOf(plan.server),
    access: routeOf(plan.access),
    asgi: routeOf(plan.asgi),
  };
  return { routes, files };
}

/** Opens each file once, whatever the number of handlers that write to it. */
async function openFiles(
  { server, access, asgi }: LogPlan,
  { out }: HandlerContext,
): Promise<ReadonlyMap<string, LogFile>> {
  const files = new Map<string, LogFile>();
  for (
    const { output, place } of [server, access, asgi].flatMap(({ handlers }) =>
      handlers
    )
  ) {
    if (output.kind !== "file" || files.has(output.filename)) continue;
    const { filename } = output;
    try {
      files.set(filename, await out.openLogFile(filename));
    } catch (error) {
      for (const file of files.values()) file.close();
      const { message } = problemAt(
        below(place, "filename"),
        `cannot open '${filename}': ${reasonOf(error)}`,
      );
      throw new ConfigError(message, 3);
    }
  }
  return files;
}

function makeHandler(
  { output, threshold, formatter }: HandlerPlan,
  files: ReadonlyMap<string, LogFile>,
  { out, useColors, accessLogFormat, onFailure }: HandlerContext,
): LogHandler {
  if (output.kind === "sink") {
    return new SinkHandler(output.sink, onFailure, threshold);
  }
  const env = (name: string) => out.env(name);
  const isFile = output.kind === "file";
  const sink: TextSink = isFile
    ? files.get(output.filename)!
    : output.kind === "stdout"
    ? out.stdout
    : out.stderr;
  const isColored = isFile
    ? formatter.useColors ?? false
    : usesColors(formatter.useColors ?? useColors, sink, env);
  const write = (text: string): void => sink.write(text);
  const lines = formatter.accessFormat === "option"
    ? accessLogFormat
    : formatter.accessFormat;
  const phrase = (status: number) => out.phrase(status);
  return new TextHandler({
    threshold,
    format: formatter.make(isColored),
    write,
    onFailure,
    accessLines: lines === undefined ? undefined : {
      format: accessFormat(lines, { isColored, phrase, env, pid: out.pid }),
      write,
    },
  });
}
