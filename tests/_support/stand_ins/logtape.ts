/** What docs/logging.md uses of `@logtape/logtape`: a test that needs it would need the package. */

/** What was logged. */
export const received: unknown[] = [];

type Method = (message: string, properties: Record<string, unknown>) => void;

/** One logger, whatever its category. */
export function getLogger(category: readonly string[]): Readonly<
  Record<"fatal" | "error" | "warning" | "info" | "debug" | "trace", Method>
> {
  const method = (level: string): Method => (message) =>
    void received.push([category.join("."), level, message]);
  return {
    fatal: method("fatal"),
    error: method("error"),
    warning: method("warning"),
    info: method("info"),
    debug: method("debug"),
    trace: method("trace"),
  };
}
