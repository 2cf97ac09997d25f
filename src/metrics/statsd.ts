/**
 * What a process tells a StatsD server, once a second: Gunicorn's names with `tricorn.` in place of
 * `gunicorn.`, behind a prefix, with tags in DogStatsD's format if there are any.
 */
import type { ServerObserver } from "../connection/tracking/server_observer.ts";
import type { MessageObserver } from "../logging/logger.ts";
import type { RequestRecord } from "../logging/access/request_record.ts";

/** Between two messages, in milliseconds. */
export const STATSD_MS = 1000;
/** Longest datagram, in bytes: it fits into one packet of Ethernet. */
const MAX_DATAGRAM = 1432;
/** Most durations that are told in a second: of more, a part is told, with its rate. */
const MAX_TIMES = 500;

/** How names and lines look. */
export interface StatsdFormat {
  /** In front of `tricorn.`, without a period; `""` for nothing. */
  readonly prefix: string;
  /** `name:value` separated by commas; `""` for none. */
  readonly tags: string;
}

/** One process's. */
export class Statsd implements ServerObserver {
  readonly #name: string;
  readonly #tail: string;
  readonly #send: (datagram: string) => void;
  #requests = 0;
  #aborts = 0;
  readonly #statuses = new Map<number, number>();
  /** Messages of the log, by what Gunicorn calls them. */
  readonly #messages = new Map<string, number>();
  /** Durations that are to be told, in milliseconds. */
  readonly #times = new Float64Array(MAX_TIMES);
  #timed = 0;
  /** Every how many requests' duration is told. */
  #every = 1;

  constructor(
    { prefix, tags }: StatsdFormat,
    send: (datagram: string) => void,
  ) {
    this.#name = prefix === "" ? "tricorn." : `${prefix}.tricorn.`;
    this.#tail = tags === "" ? "" : `|#${tags}`;
    this.#send = send;
  }

  onRequestEnd({ status, durationMs, abortReason }: RequestRecord): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (abortReason === "client_disconnected") this.#aborts++;
    if (this.#requests++ % this.#every === 0 && this.#timed < MAX_TIMES) {
      this.#times[this.#timed++] = durationMs;
    }
  }

  /** A message of the log. As in Gunicorn, an error with what was thrown is an exception. */
  readonly onMessage: MessageObserver = (level, details) => {
    const name =
      level === "error" && details !== undefined && "error" in details
        ? "exception"
        : level;
    this.#messages.set(name, (this.#messages.get(name) ?? 0) + 1);
  };

  /** Tells what has happened since the last time. @param gauges Values as of now, by name. */
  flush(gauges: Readonly<Record<string, number>> = {}): void {
    const lines: string[] = [];
    const add = (name: string, value: string) =>
      lines.push(`${this.#name}${name}:${value}${this.#tail}`);
    if (this.#requests > 0) {
      add("requests", `${this.#requests}|c`);
      for (const [status, count] of this.#statuses) {
        add(`request.status.${status}`, `${count}|c`);
      }
      if (this.#aborts > 0) add("request.aborts", `${this.#aborts}|c`);
      const rate = this.#every === 1 ? "" : `|@${1 / this.#every}`;
      for (const ms of this.#times.subarray(0, this.#timed)) {
        add("request.duration", `${Math.round(ms * 1000) / 1000}|ms${rate}`);
      }
    }
    for (const [name, count] of this.#messages) {
      add(`log.${name}`, `${count}|c`);
    }
    for (const [name, value] of Object.entries(gauges)) {
      add(name, `${value}|g`);
    }
    this.#every = Math.max(1, Math.ceil(this.#requests / MAX_TIMES));
    this.#requests = this.#aborts = this.#timed = 0;
    this.#statuses.clear();
    this.#messages.clear();
    for (const datagram of packed(lines)) this.#send(datagram);
  }
}

/** Joins lines into as few datagrams as they fit into. */
function packed(lines: readonly string[]): string[] {
  const datagrams: string[] = [];
  let current = "";
  for (const line of lines) {
    if (current !== "" && current.length + 1 + line.length > MAX_DATAGRAM) {
      datagrams.push(current);
      current = "";
    }
    current += current === "" ? line : `\n${line}`;
  }
  if (current !== "") datagrams.push(current);
  return datagrams;
}
