/** The logs of a server on the standard streams of its process. */
import type { Config } from "../config/config.ts";
import { reasonPhrase } from "../http/status_lines.ts";
import { createLogging, type Logging } from "../logging/logging.ts";
import { runtime } from "../runtime/mod.ts";
import type { TextSink } from "../runtime/types.ts";

/**
 * Logs as the options of `config` say: by default, to the standard streams.
 *
 * @param stdout Takes what is for standard output: access lines.
 */
export function loggingFor(
  config: Config,
  stdout: TextSink = runtime.stdout,
): Logging {
  const { stderr } = runtime;
  const logging = createLogging(config.options, {
    stdout,
    stderr,
    env: runtime.env,
    pid: runtime.pid,
    afterTurn: runtime.afterTurn,
    phrase: reasonPhrase,
    readText: runtime.readText,
    openLogFile: runtime.openLogFile,
    parseYaml,
  });
  const warnOf = (stream: string) => (lines: number) =>
    logging.server.warning(
      `Dropped ${lines} line${
        lines === 1 ? "" : "s"
      } of standard ${stream}: it took no more`,
    );
  if (stdout !== stderr) stdout.onDropped = warnOf("output");
  stderr.onDropped = warnOf("error");
  return logging;
}

/** Reads the YAML of a log configuration. */
async function parseYaml(text: string): Promise<unknown> {
  const read = await runtime.loadYaml();
  const result = read(text);
  if ("value" in result) return result.value;
  throw new Error(`line ${result.line}: ${result.problem}`);
}
