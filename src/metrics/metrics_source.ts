/** Where a listener gets the text of `/metrics` from: one process, or the parent of workers. */

/** The text of all metrics, as of now. */
export interface RenderedMetrics {
  /** For the field `content-type`. */
  readonly contentType: string;
  /** All metrics, each with its help and type. */
  readonly body: string;
}

/** A server's metrics. */
export interface MetricsSource {
  /**
   * Reads all metrics. Takes at most a second, even if a worker hangs; never rejects.
   *
   * @param accept The field `accept` of who asks; `""` if it has none. OpenMetrics 1.0 where that is
   * preferred, else the text format 0.0.4 of Prometheus.
   */
  render(accept: string): Promise<RenderedMetrics>;
}
