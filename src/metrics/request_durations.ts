/**
 * The durations of requests, by method, status, scheme and version. Its series are made when they
 * are first needed; there are at most as many as a limit says, and what comes beyond shares one.
 */
import { HistogramSeries } from "./instruments.ts";
import type { Sample } from "./snapshot.ts";
import { METRICS } from "./table.ts";

/** Methods that have series of their own: RFC 9110 and PATCH (RFC 5789). */
const METHODS = [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "CONNECT",
  "TRACE",
] as const;
/** What others share, as in OpenTelemetry's semantic conventions. */
const OTHER = "_OTHER";
const VERSIONS = ["1.1", "1.0", "2"] as const;

/**
 * Most series. An application that sets any status it is asked for could be made to have tens of
 * thousands by its clients.
 */
const MAX_SERIES = 1000;

const METHOD_SLOTS: ReadonlyMap<string, number> = new Map(
  METHODS.map((method, slot) => [method, slot]),
);

/** The label for a method that a peer has sent. */
export function methodLabel(method: string): string {
  return METHOD_SLOTS.has(method) ? method : OTHER;
}

/** All series of one process. */
export class RequestDurations {
  readonly #series = new Map<number, HistogramSeries>();
  readonly #bounds: readonly number[] = METRICS
    .http_server_request_duration_seconds.buckets!;
  // What the last one was: most requests are like the one before.
  #method = "";
  #status = 0;
  #scheme = "";
  #version = "";
  #last: HistogramSeries | undefined;

  /** @param status 100 to 999. @param durationMs In milliseconds. */
  observe(
    method: string,
    status: number,
    scheme: string,
    version: string,
    durationMs: number,
  ): void {
    if (
      method !== this.#method || status !== this.#status ||
      scheme !== this.#scheme || version !== this.#version
    ) {
      const key = keyOf(method, status, scheme, version);
      this.#last = this.#series.get(key) ?? this.#add(key);
      this.#method = method;
      this.#status = status;
      this.#scheme = scheme;
      this.#version = version;
    }
    this.#last!.observe(durationMs / 1000);
  }

  #add(key: number): HistogramSeries {
    const isFull = this.#series.size >= MAX_SERIES;
    const known = isFull ? this.#series.get(-1) : undefined;
    if (known !== undefined) return known;
    const series = new HistogramSeries(
      this.#bounds,
      isFull ? [OTHER, OTHER, OTHER, OTHER] : labelsOf(key),
    );
    this.#series.set(isFull ? -1 : key, series);
    return series;
  }

  /** Methods and schemes that there have been, as labels; some more than once. */
  get kinds(): (readonly [method: string, scheme: string])[] {
    return [...this.#series.keys()].filter((key) => key >= 0).map((key) => {
      const [method, , scheme] = labelsOf(key);
      return [method!, scheme!];
    });
  }

  /** Every series. */
  get samples(): Sample[] {
    return [...this.#series.values()].map(({ sample }) => sample);
  }
}

function keyOf(
  method: string,
  status: number,
  scheme: string,
  version: string,
): number {
  const methodSlot = METHOD_SLOTS.get(method) ?? METHODS.length;
  const versionSlot = version === "1.1" ? 0 : version === "1.0" ? 1 : 2;
  const schemeSlot = scheme === "https" ? 1 : 0;
  return ((status * 16 + methodSlot) * 2 + schemeSlot) * 4 + versionSlot;
}

/** The labels of the series with this key. */
function labelsOf(key: number): string[] {
  const version = VERSIONS[key % 4]!;
  const scheme = (key >> 2) % 2 === 1 ? "https" : "http";
  const method = METHODS[(key >> 3) % 16] ?? OTHER;
  return [method, `${key >> 7}`, scheme, version];
}
