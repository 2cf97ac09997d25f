/** The tracing channel `tricorn:connection`: from the accept to the close of each connection. */
import type {
  ObservedConnection,
  ServerObserver,
} from "../connection/tracking/server_observer.ts";
import type { TracingChannel } from "../runtime/types.ts";

/** What is published on `tricorn:connection`: one object for each connection. */
export interface ConnectionTraceMessage {
  /** As of now: its `requests` count up. */
  readonly connection: ObservedConnection;
  /** Since it was accepted, in milliseconds; set at `asyncStart`. */
  durationMs: number | undefined;
}

/** Publishes to the channel. */
export class ConnectionChannel implements ServerObserver {
  readonly #channel: TracingChannel;
  /** Of open connections, by id. */
  readonly #open: Map<string, ConnectionTraceMessage> = new Map();

  constructor(channel: TracingChannel) {
    this.#channel = channel;
  }

  /** A connection is there. */
  onConnectionOpen(connection: ObservedConnection): void {
    if (!this.#channel.hasSubscribers) return;
    const message = { connection, durationMs: undefined };
    this.#open.set(connection.id, message);
    this.#channel.start.publish(message);
    this.#channel.end.publish(message);
  }

  /** It is gone. */
  onConnectionClose({ id }: ObservedConnection, durationMs: number): void {
    const message = this.#open.get(id);
    if (message === undefined) return;
    this.#open.delete(id);
    message.durationMs = durationMs;
    this.#channel.asyncStart.publish(message);
    this.#channel.asyncEnd.publish(message);
  }
}
