/**
 * The one table of all metrics. The text of `/metrics`, docs/observability.md and the tests read it.
 * Request metrics have the names and buckets of OpenTelemetry's semantic conventions as Prometheus
 * spells them; those of connections follow Kestrel's list; those of the process are the usual ones
 * of Prometheus clients. No label is made from what a peer sends.
 */
import { DURATION_BUCKETS } from "../connection/tracking/duration_buckets.ts";

/** What a metric is to those who read it. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** One metric. */
export interface MetricDefinition {
  readonly kind: MetricKind;
  /** What its values are counted in, if it is a unit; the name ends in it. */
  readonly unit?: "seconds" | "bytes";
  /** Names of its labels, in the order of their values. */
  readonly labels: readonly string[];
  /** One sentence, without a period. */
  readonly help: string;
  /** Of a histogram: upper bounds, ascending, without infinity. */
  readonly buckets?: readonly number[];
  /** Who tells it: every process that serves, and it is added up; or the one that answers. */
  readonly scope: "serving" | "answering";
}

/** Of `kestrel.connection.duration`, in seconds. */
const CONNECTION_BUCKETS = [
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  30,
  60,
  120,
  300,
];
/** A turn of a healthy event loop is shorter than the first, in seconds. */
const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function serving(
  kind: MetricKind,
  labels: readonly string[],
  help: string,
  rest: Pick<MetricDefinition, "unit" | "buckets"> = {},
): MetricDefinition {
  return { kind, labels, help, scope: "serving", ...rest };
}

function answering(
  kind: MetricKind,
  labels: readonly string[],
  help: string,
  rest: Pick<MetricDefinition, "unit" | "buckets"> = {},
): MetricDefinition {
  return { kind, labels, help, scope: "answering", ...rest };
}

/** The names of all metrics. */
export type MetricName =
  | "http_server_request_duration_seconds"
  | "http_server_active_requests"
  | "tricorn_request_body_bytes_total"
  | "tricorn_response_body_bytes_total"
  | "tricorn_queued_requests"
  | "tricorn_client_aborts_total"
  | "tricorn_cut_off_responses_total"
  | "tricorn_faults_total"
  | "tricorn_active_connections"
  | "tricorn_connections_total"
  | "tricorn_connection_duration_seconds"
  | "tricorn_rejected_connections_total"
  | "tricorn_active_tls_handshakes"
  | "tricorn_tls_handshake_duration_seconds"
  | "tricorn_active_websockets"
  | "tricorn_websocket_duration_seconds"
  | "tricorn_websocket_messages_total"
  | "tricorn_websocket_bytes_total"
  | "tricorn_websocket_closes_total"
  | "tricorn_event_loop_lag_seconds"
  | "process_cpu_seconds_total"
  | "process_resident_memory_bytes"
  | "process_start_time_seconds"
  | "tricorn_build_info"
  | "tricorn_workers"
  | "tricorn_worker_up"
  | "tricorn_worker_active_connections"
  | "tricorn_worker_resident_memory_bytes"
  | "tricorn_worker_restarts_total"
  | "tricorn_worker_drain_seconds";

/** All metrics, by their names. Names of counters end in `_total`. */
export const METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  http_server_request_duration_seconds: serving(
    "histogram",
    [
      "http_request_method",
      "http_response_status_code",
      "url_scheme",
      "network_protocol_version",
    ],
    "Time from the end of a request's head to the end of its response; status 499 if the client left before there was one",
    { unit: "seconds", buckets: DURATION_BUCKETS },
  ),
  http_server_active_requests: serving(
    "gauge",
    ["http_request_method", "url_scheme"],
    "Requests whose response is not complete",
  ),
  tricorn_request_body_bytes_total: serving(
    "counter",
    [],
    "Bytes of request bodies received",
    { unit: "bytes" },
  ),
  tricorn_response_body_bytes_total: serving(
    "counter",
    [],
    "Bytes of response bodies handed to sockets",
    { unit: "bytes" },
  ),
  tricorn_queued_requests: serving(
    "gauge",
    [],
    "Requests that wait for a slot under limit-concurrency",
  ),
  tricorn_client_aborts_total: serving(
    "counter",
    ["phase"],
    "Requests whose client left: while the request arrived, while the application worked, or within the response",
  ),
  tricorn_cut_off_responses_total: serving(
    "counter",
    ["reason"],
    "Responses that did not become whole, by what cut them off",
  ),
  tricorn_faults_total: serving(
    "counter",
    ["fault"],
    "Rules of a protocol that peers broke and limits that they exceeded, by the code of the fault",
  ),
  tricorn_active_connections: serving(
    "gauge",
    [],
    "Open connections, idle ones included",
  ),
  tricorn_connections_total: serving(
    "counter",
    [],
    "Connections that were accepted and served",
  ),
  tricorn_connection_duration_seconds: serving(
    "histogram",
    [],
    "Time from the start of a connection to its end",
    { unit: "seconds", buckets: CONNECTION_BUCKETS },
  ),
  tricorn_rejected_connections_total: serving(
    "counter",
    ["reason"],
    "Connections that were closed in place of being served",
  ),
  tricorn_active_tls_handshakes: serving(
    "gauge",
    [],
    "TLS handshakes in progress",
  ),
  tricorn_tls_handshake_duration_seconds: serving(
    "histogram",
    ["outcome"],
    "Time of TLS handshakes, by whether they were completed",
    { unit: "seconds", buckets: DURATION_BUCKETS },
  ),
  tricorn_active_websockets: serving("gauge", [], "Open WebSockets"),
  tricorn_websocket_duration_seconds: serving(
    "histogram",
    [],
    "Time from the accepted handshake of a WebSocket to the end of its connection",
    { unit: "seconds", buckets: CONNECTION_BUCKETS },
  ),
  tricorn_websocket_messages_total: serving(
    "counter",
    ["direction"],
    "Messages of WebSockets",
  ),
  tricorn_websocket_bytes_total: serving(
    "counter",
    ["direction"],
    "Size of messages of WebSockets; text counts its UTF-16 units",
    { unit: "bytes" },
  ),
  tricorn_websocket_closes_total: serving(
    "counter",
    ["code"],
    "WebSockets that ended, by the code of the first close frame; 1006 without one",
  ),
  tricorn_event_loop_lag_seconds: serving(
    "histogram",
    [],
    "How late a timer of 250 ms came, which is how long the event loop was blocked",
    { unit: "seconds", buckets: LAG_BUCKETS },
  ),
  process_cpu_seconds_total: serving(
    "counter",
    [],
    "CPU time of all processes of the server, user and system",
    { unit: "seconds" },
  ),
  process_resident_memory_bytes: serving(
    "gauge",
    [],
    "Memory of all processes of the server that is in RAM",
    { unit: "bytes" },
  ),
  process_start_time_seconds: answering(
    "gauge",
    [],
    "Start of the server, in seconds since 1970 (UTC)",
    { unit: "seconds" },
  ),
  tricorn_build_info: answering(
    "gauge",
    ["version", "runtime", "runtime_version"],
    "Always 1; its labels say what runs",
  ),
  tricorn_workers: answering(
    "gauge",
    ["state"],
    "Worker processes",
  ),
  tricorn_worker_up: answering(
    "gauge",
    ["worker"],
    "Whether a worker has answered just now; if not, its figures are those that it told last",
  ),
  tricorn_worker_active_connections: answering(
    "gauge",
    ["worker"],
    "Open connections of one worker",
  ),
  tricorn_worker_resident_memory_bytes: answering(
    "gauge",
    ["worker"],
    "Memory of one worker that is in RAM",
    { unit: "bytes" },
  ),
  tricorn_worker_restarts_total: answering(
    "counter",
    ["reason"],
    "Workers that ended and had a successor, by why they ended",
  ),
  tricorn_worker_drain_seconds: answering(
    "histogram",
    [],
    "Time from telling a worker to end to the end of its process",
    { unit: "seconds", buckets: CONNECTION_BUCKETS },
  ),
};

/** Their names, in the order of the table. */
export const METRIC_NAMES: readonly MetricName[] = Object.keys(
  METRICS,
) as MetricName[];
