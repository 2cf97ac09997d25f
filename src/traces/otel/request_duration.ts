/** The histogram `http.server.request.duration` of OpenTelemetry's semantic conventions. */
import type { RequestRecord } from "../../logging/access/request_record.ts";
import type { Context, Histogram, OtelApi } from "./api.ts";
import {
  durationAttributes,
  type Failure,
  type Methods,
} from "./attributes.ts";

/** Upper bounds in seconds, by the conventions. */
const BUCKETS: readonly number[] = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  2.5,
  5,
  7.5,
  10,
];

/** Measures how long requests take. */
export class RequestDuration {
  readonly #histogram: Histogram;
  readonly #methods: Methods;

  constructor({ metrics }: OtelApi, methods: Methods, version: string) {
    this.#methods = methods;
    this.#histogram = metrics.getMeter("tricorn", version).createHistogram(
      "http.server.request.duration",
      {
        description: "Duration of HTTP server requests.",
        unit: "s",
        advice: { explicitBucketBoundaries: BUCKETS },
      },
    );
  }

  /** @param context Of the request's span, which a measurement may be an example of. */
  record(
    record: RequestRecord,
    failure: Failure | undefined,
    route: string | undefined,
    context: Context | undefined,
  ): void {
    this.#histogram.record(
      record.durationMs / 1000,
      durationAttributes(record, this.#methods, failure, route),
      context,
    );
  }
}
