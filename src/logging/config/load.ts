/** From the option `logConfig`, a file or an object, to handlers. Loaded only where it is given. */
import type { AllLoggingOptions } from "../logging_options.ts";
import type { LoggingOutput } from "../logging_output.ts";
import { type ConfigRoutes, configRoutes } from "./config_routes.ts";
import { readIni } from "./ini.ts";
import { readJson } from "../../text/json_text.ts";
import { readPlan } from "./plan.ts";
import { type ConfigOrigin, problemAt, reasonOf } from "./problems.ts";

/**
 * Reads `options.logConfig`, checks all of it, then opens its files.
 *
 * @param onFailure Called with what sinks and formatters of the program throw.
 * @throws ConfigError in one line that names file and key.
 */
export async function loadRoutes(
  options: AllLoggingOptions,
  out: LoggingOutput,
  onFailure: (error: unknown) => void,
): Promise<ConfigRoutes> {
  const { logConfig } = options;
  const { value, origin } = typeof logConfig === "string"
    ? await readFile(logConfig, out)
    : { value: logConfig, origin: { source: 'option "logConfig"' } };
  const plan = readPlan(value, origin, options, out);
  return await configRoutes(plan, {
    out,
    useColors: options.useColors,
    accessLogFormat: options.accessLogFormat,
    onFailure,
  });
}

interface ReadConfig {
  readonly value: unknown;
  readonly origin: ConfigOrigin;
}

async function readFile(
  path: string,
  out: LoggingOutput,
): Promise<ReadConfig> {
  const source = `--log-config '${path}'`;
  const origin: ConfigOrigin = { source };
  const fail = (problem: string) => problemAt({ origin, path: [] }, problem);
  let text: string;
  try {
    text = out.readText(path);
  } catch (error) {
    throw fail(`it cannot be read: ${reasonOf(error)}`);
  }
  if (/\.json$/i.test(path)) {
    const read = readJson(text, false);
    if ("problem" in read) throw fail(`line ${read.line}: ${read.problem}`);
    return { value: read.value, origin };
  }
  if (!/\.ya?ml$/i.test(path)) return readIni(text, source);
  if (out.parseYaml === undefined) throw fail("there is no reader of YAML");
  try {
    return { value: await out.parseYaml(text), origin };
  } catch (error) {
    throw fail(reasonOf(error));
  }
}
