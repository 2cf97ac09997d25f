/**
 * The mirror rule: `src/a/b.ts` is tested by `tests/a/b_test.ts`. What it names here is tested
 * elsewhere, and says where. Files without anything to run need no test.
 */
import { stripSource } from "./layers.ts";

/** Path below `src/`, or a folder of it, to the test below `tests/` that runs it. */
export const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  // Parts of a call, which show in what is sent.
  "application/adapters/fetch/":
    "application/adapters/fetch/answer_request_test.ts",
  "application/to_fetch/": "application/to_fetch/to_fetch_test.ts",
  "runtime/untyped_body.ts":
    "application/adapters/fetch/answer_request_test.ts",
  // Tables: each option is one test of the same file.
  "config/options/": "config/options/mod_test.ts",
  // A Node application shows in what its framework makes of it.
  "application/adapters/node/adapt_node.ts": "wire/node_express_test.ts",
  "application/adapters/node/node_exchange.ts": "wire/node_exchange_test.ts",
  "application/adapters/node/node_request.ts": "wire/node_express_test.ts",
  "application/adapters/node/response/": "wire/node_express_test.ts",
  "application/adapters/node/serve_upgrade.ts": "wire/node_upgrade_test.ts",
  "connection/http1/raw_upgrade.ts": "wire/node_upgrade_test.ts",
  // Parts of a connection that show in what it sends.
  "connection/http1/http1_closing.ts":
    "connection/http1/http1_connection_test.ts",
  "connection/http1/http1_exchange.ts":
    "connection/http1/http1_connection_test.ts",
  "connection/http1/refusal.ts": "connection/http1/http1_connection_test.ts",
  "connection/http1/upgrade_offer.ts":
    "connection/http1/websocket_upgrade_test.ts",
  "connection/scope/peer_trust.ts": "connection/scope/forwarded_origin_test.ts",
  "connection/exchange/file_response.ts":
    "connection/exchange/http_cycle_test.ts",
  "connection/exchange/request_limits.ts":
    "connection/http1/http1_connection_test.ts",
  "connection/exchange/request_record.ts":
    "connection/http1/http1_connection_test.ts",
  // What all tests of connections are made with.
  "connection/protocol_selection.ts": "server/listening/admission_test.ts",
  "connection/server_context.ts": "connection/http1/http1_connection_test.ts",
  // Two generations of processes.
  "supervisor/upgrade.ts": "wire/upgrade_parent_test.ts",
  "server/probe.ts": "wire/upgrade_parent_test.ts",
  // Clients of brokers, which need the brokers.
  "topics/redis.ts": "wire/topics_channels_test.ts",
  "topics/nats.ts": "wire/topics_channels_test.ts",
  "runtime/process/packages.ts": "wire/topics_channels_test.ts",
  // What opens metrics for a whole server, and what carries them.
  "server/measuring.ts": "wire/metrics_test.ts",
  "server/statsd_reports.ts": "wire/statsd_test.ts",
  "runtime/process/datagrams.ts": "wire/statsd_test.ts",
  "runtime/process/unix_datagrams.ts": "runtime/process/systemd_notify_test.ts",
  // Traces, which show in what the SDK and subscribers get.
  "runtime/process/tracing_channel.ts": "traces/channel_tracer_test.ts",
  "traces/open_traces.ts": "wire/traces_test.ts",
  "traces/otel/api.ts": "wire/traces_test.ts",
  "traces/otel/open_otel.ts": "wire/traces_test.ts",
  "traces/otel/request_duration.ts": "traces/otel/otel_tracer_test.ts",
  // What asks a server, and what is asked.
  "control/control.ts": "wire/control_test.ts",
  "control/single_process.ts": "wire/control_test.ts",
  "cli/control_client.ts": "wire/control_test.ts",
  "errors.ts": "application/load_test.ts",
  // Words and records of what detection finds.
  "application/describe.ts": "application/interface_test.ts",
  "application/verdict.ts": "application/interface_test.ts",
  // A list, and two constants.
  "http/trailer_names.ts": "http/response_fields_test.ts",
  "connection/tracking/duration_buckets.ts": "traces/otel/otel_tracer_test.ts",
  "http1/scan_result.ts": "http1/head_parser_test.ts",
  // Formats are held to each other, for one record and for hostile ones.
  "logging/access/access_atoms.ts": "logging/access/access_format_test.ts",
  "logging/access/access_template.ts": "logging/access/access_format_test.ts",
  // Parts of the logs, which show in what is written.
  "logging/access/access_record.ts": "logging/access/access_router_test.ts",
  "logging/default_routes.ts": "logging/logging_test.ts",
  "logging/config/config_routes.ts": "logging/config/load_test.ts",
  "logging/config/formatters.ts": "logging/config/load_test.ts",
  "logging/config/plan.ts": "logging/config/load_test.ts",
  "logging/config/problems.ts": "logging/config/load_test.ts",
  "logging/config/record_attributes.ts": "logging/config/load_test.ts",
  "runtime/process/async_context.ts": "application/reset_context_test.ts",
  "logging/access/json_access_format.ts":
    "logging/access/access_format_test.ts",
  "logging/access/uvicorn_access_format.ts":
    "logging/access/access_format_test.ts",
  "logging/access/access_log.ts": "logging/logging_test.ts",
  "logging/logger.ts": "logging/record_logger_test.ts",
  "supervisor/parent_measuring.ts": "wire/reload_metrics_test.ts",
  "supervisor/reload/child_source.ts": "wire/reload_spare_test.ts",
  "supervisor/reload/run_reload.ts": "wire/reload_test.ts",
  "version.ts": "package_test.ts",
  // One contract for all transports.
  "runtime/bun/transport.ts": "runtime/socket_contract_test.ts",
  "runtime/deno/transport.ts": "runtime/socket_contract_test.ts",
  "runtime/node/transport.ts": "runtime/socket_contract_test.ts",
  "runtime/node/tls_wrapping.ts": "runtime/node/tls_test.ts",
  // A process without permissions is another process.
  "runtime/listen/listen_permissions.ts": "runtime/process_test.ts",
  "runtime/process/permissions.ts": "runtime/process_test.ts",
  // Patches of undocumented parts, seen from what they mend.
  "runtime/node/internals/accept_again.ts": "runtime/listen/listen_test.ts",
  "runtime/node/internals/kept_zlib.ts": "runtime/deflate_test.ts",
  "runtime/node/internals/socket_pair.ts":
    "runtime/node/internals/fence_test.ts",
  // What a process does to itself is seen from its parent.
  // Held sockets are seen from the children that accept from them.
  "runtime/hold.ts": "runtime/listen/held_socket_test.ts",
  "runtime/bun/hold.ts": "runtime/listen/held_socket_test.ts",
  "runtime/process/libc.ts": "runtime/process/systemd_notify_test.ts",
  "runtime/deno/hold.ts": "runtime/listen/held_socket_test.ts",
  "runtime/node/hold.ts": "runtime/listen/held_socket_test.ts",
  "runtime/node/internals/bound_handle.ts":
    "runtime/listen/held_socket_test.ts",
  "runtime/listen/listen_elsewhere.ts": "runtime/listen/held_socket_test.ts",
  "runtime/process/child_variable.ts": "runtime/process/children_test.ts",
  "runtime/process/parent_link.ts": "runtime/process/children_test.ts",
  "runtime/process/loop_watch.ts": "wire/watchdog_test.ts",
  "runtime/process/descriptors.ts": "wire/slow_clients_test.ts",
  "runtime/process/output_descriptor.ts": "runtime/process_test.ts",
  "runtime/process/signals.ts": "runtime/process_test.ts",
  "runtime/process/text_sink.ts": "runtime/process_test.ts",
  // What all of `runtime/` is reached through.
  "runtime/_bun_types.ts": "runtime/mod_test.ts",
  "runtime/_deno_types.ts": "runtime/mod_test.ts",
  "runtime/process/builtins.ts": "runtime/mod_test.ts",
  "runtime/process/host.ts": "runtime/mod_test.ts",
  "runtime/process/host_deno.ts": "runtime/mod_test.ts",
  "runtime/process/host_node.ts": "runtime/mod_test.ts",
  // Two sides of a channel, and what only a real process shows.
  "server/uncaught_errors.ts": "wire/uncaught_test.ts",
  "supervisor/run_supervised.ts": "wire/workers_start_test.ts",
  "supervisor/worker_plan.ts": "wire/workers_start_test.ts",
  "supervisor/worker/": "wire/workers_start_test.ts",
  "supervisor/parent_admin.ts": "wire/admin_workers_test.ts",
  // What only a listening server shows.
  "admin/": "wire/admin_test.ts",
  "server/health/probe_answer.ts": "wire/admin_test.ts",
  // Seen from the supervisor, which drives them.
  "supervisor/pool.ts": "supervisor/supervisor_test.ts",
  "supervisor/replacements.ts": "supervisor/supervisor_test.ts",
  "supervisor/worker_handle.ts": "supervisor/supervisor_test.ts",
  "server/listening/proxy_rules.ts": "wire/proxy_protocol_test.ts",
  // Steps of a server's life, which need all the others.
  "server/listening/acceptor.ts": "server/server_test.ts",
  "server/loaded_parts.ts": "server/server_test.ts",
  "server/process_logging.ts": "wire/access_log_test.ts",
  "server/server_life.ts": "server/server_test.ts",
  "server/startup.ts": "server/server_test.ts",
  "server/timers.ts": "server/server_test.ts",
  // What a test client is made of, which all of its tests go through.
  "testing/http/": "testing/test_client_test.ts",
  "testing/network/": "testing/test_client_test.ts",
  "testing/websocket/": "testing/test_client_test.ts",
  "testing/": "testing/test_client_test.ts",
};

/** Whether a source only declares types. */
function isTypesOnly(text: string): boolean {
  return !/^(export )?(async |abstract )*(const|let|function|class|enum)\b/m
    .test(stripSource(text).code.replaceAll(/^(export )?declare .*/gm, ""));
}

/**
 * Everything that breaks the rule, one sentence for each.
 *
 * @param sources Path below `src/` to its text.
 * @param tests Paths below `tests/`.
 */
export function checkMirror(
  sources: ReadonlyMap<string, string>,
  tests: ReadonlySet<string>,
  elsewhere: Readonly<Record<string, string>> = TESTED_ELSEWHERE,
): string[] {
  const problems: string[] = [];
  const needed = new Set<string>();
  for (const [path, text] of sources) {
    const mirrored = path.replace(/\.ts$/, "_test.ts");
    if (tests.has(mirrored) || isTypesOnly(text)) continue;
    const row = Object.keys(elsewhere).find((one) =>
      one === path || (one.endsWith("/") && path.startsWith(one))
    );
    if (row === undefined) {
      problems.push(`src/${path} has no tests/${mirrored}`);
    } else needed.add(row);
  }
  for (const [row, test] of Object.entries(elsewhere)) {
    if (!needed.has(row)) problems.push(`"${row}" need not be listed`);
    if (!tests.has(test)) problems.push(`"${row}" names no test: "${test}"`);
  }
  return problems;
}
