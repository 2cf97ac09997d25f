/** `--check`: loads what a start would load, and says what would run, where, and why so. */
import type { Config } from "../config/config.ts";
import { OPTION_NAMES, OPTIONS, type Options } from "../config/options/mod.ts";
import type { OptionDefinition } from "../config/options/definition.ts";
import { isSupervised } from "../config/options/processes.ts";
import { usesTls } from "../config/options/tls.ts";
import { quote } from "../config/options/value_types.ts";
import { printable } from "../text/printable.ts";
import { SILENT } from "../logging/logger.ts";
import { describeTarget, runtime, selectTransport } from "../runtime/mod.ts";
import type { TlsContext } from "../runtime/types.ts";
import { loggingFor } from "../server/process_logging.ts";
import type { Configured } from "./configure.ts";

/** Presence is all that the choice of sockets asks for. */
const SOME_TLS = {} as TlsContext;

/**
 * Reads certificates and the log configuration, and imports the application, as a start would.
 * Nothing listens, and the application is not started.
 *
 * @returns The text to print, with the final line end.
 * @throws The error that the start would end with.
 */
export async function checkText(configured: Configured): Promise<string> {
  const { config, appSource, configFile, envFiles } = configured;
  const { options } = config;
  if (usesTls(options)) {
    const { openCertificates } = await import(
      "../server/tls/open_certificates.ts"
    );
    (await openCertificates(config, SILENT)).close();
  }
  const places = listenTexts(configured);
  // Opens log files too: whether they can be written shows only then.
  const logging = loggingFor(config);
  await config.load((message) => logging.server.warning(message), logging);
  logging.flush();
  const name = typeof config.app === "string" ? config.app : "a function";
  const names = { deno: "Deno", bun: "Bun", node: "Node" };
  const facts = [
    `Application: ${printable(name)}, from ${appSource}`,
    ...interfaceTexts(config),
    `Runtime: ${names[runtime.name]} ${runtime.version}`,
    ...await workerFacts(configured),
    ...places.map((place) => `Listens on: ${place}`),
    ...envFiles.map((path) => `Environment file: ${quote(path)}`),
  ];
  if (configFile !== undefined) {
    facts.push(`Configuration file: ${quote(configFile)}`);
  }
  const settings = changedSettings(configured);
  const heading = settings.length === 0
    ? "Every setting has its default."
    : "Settings that are not left at their defaults:";
  return [
    ...facts,
    heading,
    ...settings.map((line) => `  ${line}`),
    "The configuration is valid.",
    "",
  ].join("\n");
}

/** Which interface the application has, and why. */
function interfaceTexts({ detected }: Config): string[] {
  return detected === undefined
    ? []
    : [printable(`Interface: ${detected.name}, because ${detected.reason}`)];
}

/** @throws ConfigError if other processes could not serve this application. */
async function workerFacts({ config }: Configured): Promise<string[]> {
  if (config.options.reload) return await reloadFacts(config);
  if (!isSupervised(config.options)) return [];
  const { startMessage } = await import("../supervisor/start_message.ts");
  const { countWorkers } = await import("../supervisor/worker_count.ts");
  startMessage(config, [], "workers");
  const { count, reason } = await countWorkers(config.options, runtime);
  return [`Workers: ${reason ?? count}`];
}

async function reloadFacts(config: Config): Promise<string[]> {
  const { startMessage } = await import("../supervisor/start_message.ts");
  const { listText } = await import("../supervisor/reload/reload_text.ts");
  const { WatchedFiles } = await import(
    "../supervisor/reload/watched_files.ts"
  );
  startMessage(config, [], "reload");
  const trees = await runtime.loadTrees();
  const { roots } = new WatchedFiles(config.options, trees, runtime);
  return [`Reload: watches ${listText(roots)}`];
}

/** @throws ConfigError if no sockets of this runtime can do what is asked for. */
function listenTexts({ config }: Configured): string[] {
  const { options } = config;
  return config.listenTargets.map((target) => {
    const { name } = selectTransport(options.loop, target, {
      backlog: options.backlog,
      reusePort: options.reusePort,
      ipv6Only: options.ipv6Only,
      tls: usesTls(options) ? SOME_TLS : undefined,
    });
    const how = usesTls(options) ? ", with TLS" : "";
    return `${describeTarget(target)}${how}, sockets: ${name}`;
  });
}

function changedSettings({ given }: Configured): string[] {
  const names = OPTION_NAMES.filter((name) => given.values[name] !== undefined);
  return names.map((name) =>
    `${name}: ${valueText(name, given.values[name])}, from ${
      given.nameOf(name)
    }`
  );
}

function valueText(name: keyof Options, value: unknown): string {
  const { isSecret, type } = OPTIONS[name] as OptionDefinition;
  if (isSecret) return "[hidden]";
  if (type.kind === "program") return quote(value);
  if (type.kind === "octal") return (value as number).toString(8);
  return printable(JSON.stringify(value));
}
