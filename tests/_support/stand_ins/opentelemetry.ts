/** What docs/logging.md uses of `@opentelemetry/api-logs`: a test that needs it would need the package. */

/** What was logged. */
export const received: unknown[] = [];

/** Severities, by name. */
export const SeverityNumber = {
  TRACE: 1,
  DEBUG: 5,
  INFO: 9,
  WARN: 13,
  ERROR: 17,
  FATAL: 21,
} as const;

interface OtelRecord {
  readonly timestamp: number;
  readonly severityNumber: number;
  readonly severityText: "info" | string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Takes the records of one scope. */
interface OtelLogger {
  emit(record: OtelRecord): void;
}

/** The entry of the API. */
export const logs: { getLogger(name: string): OtelLogger } = {
  getLogger: (name) => ({
    emit: ({ severityText, body }) =>
      void received.push([name, severityText, body]),
  }),
};
