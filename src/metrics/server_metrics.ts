/** What one process that serves counts and measures: an observer of its server. */
import type { Tracker } from "../connection/tracking/tracker.ts";
import type {
  ConnectionRefusal,
  ObservedConnection,
  ServerObserver,
  WebSocketEnd,
} from "../connection/tracking/server_observer.ts";
import { HTTP_FAULTS, PROXY_FAULTS, WEBSOCKET_FAULTS } from "../faults.ts";
import type {
  AbortReason,
  RequestRecord,
} from "../logging/access/request_record.ts";
import { Counter, HistogramSeries } from "./instruments.ts";
import { methodLabel, RequestDurations } from "./request_durations.ts";
import type { Sample, Snapshot } from "./snapshot.ts";
import { type MetricName, METRICS } from "./table.ts";

/** Where what is read only when it is asked for comes from. */
export interface ServerMetricsSources {
  readonly tracker: Pick<Tracker, "connections" | "waitingRequests">;
  /** TLS handshakes in progress. */
  handshakes(): number;
  /** In RAM, in bytes. */
  memoryBytes(): number;
  /** User and system, in seconds. */
  cpuSeconds(): number;
}

/** Where a client was when it left. */
const PHASES = ["request", "application", "response"] as const;
const ABORT_REASONS: readonly AbortReason[] = [
  "client_disconnected",
  "client_stalled",
  "bad_request",
  "application",
  "request_timeout",
  "shutdown",
  "server_error",
];
const REFUSALS: readonly ConnectionRefusal[] = [
  "limit",
  "client_limit",
  "untrusted_proxy",
  "proxy_header",
];
const FAULTS: readonly string[] = [
  ...Object.keys(HTTP_FAULTS),
  ...Object.keys(WEBSOCKET_FAULTS),
  ...Object.keys(PROXY_FAULTS),
];
const FAULT_SLOTS: ReadonlyMap<string, number> = new Map(
  FAULTS.map((code, slot) => [code, slot]),
);
/** Codes of RFC 6455 §7.4.1 and IANA's registry; those of applications share two. */
const CLOSE_CODES = [
  ...Array.from({ length: 16 }, (_, at) => `${1000 + at}`),
  "3000-3999",
  "4000-4999",
  "other",
];

/** The status in a record of a request whose client has left before the response. */
const CLIENT_CLOSED = 499;

/** One process's. */
export class ServerMetrics implements ServerObserver {
  /** The finest bound of a bucket is five milliseconds. */
  readonly needs = {
    firstByte: false,
    responseFields: false,
    coarseTimes: true,
  };
  readonly #sources: ServerMetricsSources;
  readonly #durations = new RequestDurations();
  readonly #requestBytes = new Counter();
  readonly #responseBytes = new Counter();
  readonly #aborts = new Counter(PHASES, "all");
  readonly #cutOffs = new Counter(ABORT_REASONS, "all");
  readonly #faults = new Counter(FAULTS);
  readonly #connections = new Counter();
  readonly #connectionTimes = histogram("tricorn_connection_duration_seconds");
  readonly #refusals = new Counter(REFUSALS, "all");
  readonly #handshakes = [
    histogram("tricorn_tls_handshake_duration_seconds", "failed"),
    histogram("tricorn_tls_handshake_duration_seconds", "complete"),
  ];
  #openWebSockets = 0;
  readonly #webSocketTimes = histogram("tricorn_websocket_duration_seconds");
  readonly #messages = new Counter(["received", "sent"], "all");
  readonly #messageBytes = new Counter(["received", "sent"], "all");
  readonly #closes = new Counter(CLOSE_CODES);
  readonly #lags = histogram("tricorn_event_loop_lag_seconds");

  constructor(sources: ServerMetricsSources) {
    this.#sources = sources;
  }

  // -- What it is told.

  onRequestEnd(record: RequestRecord): void {
    const { status, abortReason } = record;
    this.#durations.observe(
      record.method,
      status,
      record.scheme,
      record.httpVersion,
      record.durationMs,
    );
    this.#requestBytes.add(0, record.receivedBytes);
    this.#responseBytes.add(0, record.bodyBytes);
    if (abortReason === undefined) return;
    this.#cutOffs.add(ABORT_REASONS.indexOf(abortReason), 1);
    if (abortReason !== "client_disconnected") return;
    this.#aborts.add(
      status !== CLIENT_CLOSED ? 2 : record.isRequestComplete ? 1 : 0,
      1,
    );
  }

  onConnectionOpen(): void {
    this.#connections.add(0, 1);
  }

  onConnectionClose(_connection: ObservedConnection, durationMs: number): void {
    this.#connectionTimes.observe(durationMs / 1000);
  }

  onConnectionRefused(reason: ConnectionRefusal): void {
    this.#refusals.add(REFUSALS.indexOf(reason), 1);
  }

  onTlsHandshake(isComplete: boolean, durationMs: number): void {
    this.#handshakes[isComplete ? 1 : 0]!.observe(durationMs / 1000);
  }

  onFault(code: string): void {
    this.#faults.add(FAULT_SLOTS.get(code)!, 1);
  }

  onWebSocketOpen(): void {
    this.#openWebSockets++;
  }

  onWebSocketMessage(direction: "received" | "sent", bytes: number): void {
    const slot = direction === "received" ? 0 : 1;
    this.#messages.add(slot, 1);
    this.#messageBytes.add(slot, bytes);
  }

  onWebSocketClose({ closeCode, durationMs }: WebSocketEnd): void {
    this.#openWebSockets--;
    this.#webSocketTimes.observe(durationMs / 1000);
    this.#closes.add(closeSlot(closeCode), 1);
  }

  /** How late a timer came, in milliseconds. */
  onLoopLag(lagMs: number): void {
    this.#lags.observe(lagMs / 1000);
  }

  // -- What it tells.

  /** Messages of WebSockets, both ways. */
  get messages(): number {
    return this.#messages.sum;
  }

  /** Everything, as of now. */
  snapshot(): Snapshot {
    const { tracker, handshakes, memoryBytes, cpuSeconds } = this.#sources;
    return {
      http_server_request_duration_seconds: this.#durations.samples,
      http_server_active_requests: activeRequests(
        tracker.connections,
        this.#durations.kinds,
      ),
      tricorn_request_body_bytes_total: this.#requestBytes.samples,
      tricorn_response_body_bytes_total: this.#responseBytes.samples,
      tricorn_queued_requests: single(tracker.waitingRequests),
      tricorn_client_aborts_total: this.#aborts.samples,
      tricorn_cut_off_responses_total: this.#cutOffs.samples,
      tricorn_faults_total: this.#faults.samples,
      tricorn_active_connections: single(tracker.connections.size),
      tricorn_connections_total: this.#connections.samples,
      tricorn_connection_duration_seconds: [this.#connectionTimes.sample],
      tricorn_rejected_connections_total: this.#refusals.samples,
      tricorn_active_tls_handshakes: single(handshakes()),
      tricorn_tls_handshake_duration_seconds: this.#handshakes.map((
        { sample },
      ) => sample),
      tricorn_active_websockets: single(this.#openWebSockets),
      tricorn_websocket_duration_seconds: [this.#webSocketTimes.sample],
      tricorn_websocket_messages_total: this.#messages.samples,
      tricorn_websocket_bytes_total: this.#messageBytes.samples,
      tricorn_websocket_closes_total: this.#closes.samples,
      tricorn_event_loop_lag_seconds: [this.#lags.sample],
      process_cpu_seconds_total: single(cpuSeconds()),
      process_resident_memory_bytes: single(memoryBytes()),
    };
  }
}

function histogram(
  name: MetricName,
  ...labels: readonly string[]
): HistogramSeries {
  return new HistogramSeries(METRICS[name].buckets!, labels);
}

function single(value: number): Sample[] {
  return [[[], [value]]];
}

/**
 * Counted when it is asked for: a request in progress costs nothing.
 *
 * @param known Methods and schemes of requests that have ended: 0 where none is in progress.
 */
function activeRequests(
  connections: Tracker["connections"],
  known: readonly (readonly [method: string, scheme: string])[],
): Sample[] {
  const counts = new Map<string, [string[], number[]]>(
    known.map((labels) => [labels.join(), [[...labels], [0]]]),
  );
  for (const connection of connections) {
    if (!connection.isBusy || connection.isWebSocket) continue;
    const { activity } = connection;
    if (activity === undefined) continue;
    const scheme = activity.scheme === "https" ? "https" : "http";
    const labels = [methodLabel(activity.method), scheme];
    const known = counts.get(labels.join());
    if (known === undefined) counts.set(labels.join(), [labels, [1]]);
    else known[1][0]!++;
  }
  return [...counts.values()];
}

function closeSlot(code: number): number {
  if (code >= 1000 && code < 1016) return code - 1000;
  if (code >= 3000 && code < 4000) return 16;
  return code >= 4000 && code < 5000 ? 17 : 18;
}
