/** The histogram `http.server.request.duration` of OpenTelemetry's semantic conventions. */
import { DURATION_BUCKETS } from "../../connection/tracking/duration_buckets.ts";
import type { RequestRecord } from "../../logging/access/request_record.ts";
import type { Context, Histogram, OtelApi } from "./api.ts";
import {
  durationAttributes,
  type Failure,
  type Methods,
} from "./attributes.ts";

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
        advice: { explicitBucketBoundaries: DURATION_BUCKETS },
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
