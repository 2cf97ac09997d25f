/**
 * Tricorn: an ASGI server for Deno, Bun and Node.
 *
 * Install it with `deno add jsr:@tricorn/serve`, or as the package `tricorn` from npm, which has
 * the command `tricorn main:app`. It needs Deno 2.9, Bun 1.4, or Node 22.18, 24.3 or 26, or a later
 * release of these.
 *
 * ```ts
 * import { serve } from "jsr:@tricorn/serve";
 *
 * const server = serve(async (scope, receive, send) => {
 *   if (scope.type !== "http") return;
 *   await send({ type: "http.response.start", status: 200 });
 *   await send({ type: "http.response.body", body: "Hello, world!" });
 * }, { port: 8000 });
 *
 * await server.listening;
 * ```
 *
 * - {@linkcode serve} starts a server inside a program; {@linkcode run} serves until a signal
 *   ends the process; {@linkcode Server} and {@linkcode Config} are the parts of both.
 * - {@linkcode Options} lists every option with its unit and default. The command has the same
 *   options as flags and environment variables: `tricorn --help`.
 * - An application is an {@linkcode AsgiApp}, an async function of `scope`, `receive` and `send`.
 * - Errors: a wrong option throws {@linkcode ConfigError}. A failed start rejects
 *   `server.listening` with {@linkcode AppLoadError}, {@linkcode StartupError} or
 *   {@linkcode ListenError}. `send()` rejects with {@linkcode ClientDisconnected}, {@linkcode InvalidEventError} or
 *   {@linkcode UnexpectedEventError}. Each has a `code`, such as `"ERR_TRICORN_CONFIG"`.
 *
 * @module
 */
export type * from "./src/asgi.ts";
export {
  AppLoadError,
  ClientDisconnected,
  ConfigError,
  InvalidEventError,
  ListenError,
  StartupError,
  UnexpectedEventError,
  UnsupportedRuntimeError,
  UnsupportedScopeError,
} from "./src/errors.ts";
export type {
  Application,
  Asgi2App,
  FastifyApplication,
  FetchApplication,
  FetchHandler,
  KoaApplication,
  NodeHandler,
  NodeServer,
  StartResponse,
  WsgiApp,
  WsgiEnviron,
} from "./src/application/application.ts";
export type { InterfaceName } from "./src/application/verdict.ts";
export { Config } from "./src/config/config.ts";
export { type ConfigFile, defineConfig } from "./src/config/define_config.ts";
export type { Options, OptionsInput } from "./src/config/options/mod.ts";
export type { ApplicationOptions } from "./src/config/options/application.ts";
export type { BindingOptions } from "./src/config/options/binding.ts";
export type { HttpOptions } from "./src/config/options/http.ts";
export type { ForwardedHeader } from "./src/proxy/x_forwarded.ts";
export type { LimitOptions } from "./src/config/options/limits.ts";
export type { ProcessOptions } from "./src/config/options/processes.ts";
export type { ReloadOptions } from "./src/config/options/reload.ts";
export type { LoggingOptions } from "./src/logging/logging_options.ts";
export type {
  FormatterConfig,
  HandlerConfig,
  LogConfig,
  LogConfigLevel,
  LoggerConfig,
} from "./src/logging/config/log_config.ts";
export type {
  LogField,
  LogLevel as LogLevelName,
} from "./src/logging/logger.ts";
export type {
  LogFormatter,
  LogRecord,
  LogSink,
  LogValue,
} from "./src/logging/record.ts";
export type {
  ChannelAdapter,
  ChannelDriver,
  ChannelMessage,
  TopicOptions,
} from "./src/config/options/topics.ts";
export type { TraceOptions } from "./src/config/options/traces.ts";
export type {
  RequestTraceMessage,
  TracedResponse,
  WebSocketTraceMessage,
} from "./src/traces/channel_tracer.ts";
export type { ConnectionTraceMessage } from "./src/traces/connection_channel.ts";
export type { ControlOptions } from "./src/config/options/control.ts";
export type {
  MetricsOptions,
  MetricsRegistry,
} from "./src/config/options/metrics.ts";
export type {
  ConnectionRefusal,
  ObservedConnection,
  ServerObserver,
  WebSocketEnd,
} from "./src/connection/tracking/server_observer.ts";
export type {
  AbortReason,
  RecordFields,
  RecordNeeds,
  RequestRecord,
} from "./src/logging/access/request_record.ts";
export type {
  HttpFaultCode,
  ProxyFaultCode,
  WebSocketFaultCode,
} from "./src/faults.ts";
export type {
  MetricsSource,
  RenderedMetrics,
} from "./src/metrics/metrics_source.ts";
export type { MetricName } from "./src/metrics/table.ts";
export type { Sample, Snapshot } from "./src/metrics/snapshot.ts";
export type { ServerMetricsView } from "./src/server/measuring.ts";
export type { HealthOptions } from "./src/config/options/health.ts";
export type { AccessLogOptions } from "./src/config/options/access_log.ts";
export type {
  SniFiles,
  SslContext,
  SslContextFactory,
  SslIdentity,
  TlsOptions,
  TlsVersion,
} from "./src/config/options/tls.ts";
export type { TimeoutOptions } from "./src/config/options/timeouts.ts";
export type { WebSocketOptions } from "./src/config/options/websocket.ts";
export type { Address } from "./src/runtime/types.ts";
export { run } from "./src/run.ts";
export { serve, type ServeOptions } from "./src/serve.ts";
export {
  Server,
  type ServerPhase,
  type ServerStats,
  type StartOptions,
  type StopOptions,
} from "./src/server/server.ts";
export { VERSION } from "./src/version.ts";
// Not above: the module's comment has to stand before something that its declarations keep.
import { isUnmarkedMain } from "./src/runtime/supported_versions.ts";

// `deno run -A jsr:@tricorn/serve main:app` runs this file. The name is checked because bundlers
// keep `import.meta.main` true in a program that merely imports us.
if (
  /\/mod\.[jt]s$/.test(import.meta.url) &&
  (import.meta.main || isUnmarkedMain(import.meta.url))
) {
  void import("./cli.ts").then((command) => command.run());
}
