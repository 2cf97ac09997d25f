/** What docs/logging.md uses of `pino`: a test that needs it would need the package. */

/** What was logged. */
export const received: unknown[] = [];

type Method = (fields: Record<string, unknown>, message: string) => void;

/** Makes a logger. */
export default function pino(_options: { readonly base: null }): Readonly<
  Record<"fatal" | "error" | "warn" | "info" | "debug" | "trace", Method>
> {
  const method = (level: string): Method => ({ logger }, message) =>
    void received.push([logger, level, message]);
  return {
    fatal: method("fatal"),
    error: method("error"),
    warn: method("warn"),
    info: method("info"),
    debug: method("debug"),
    trace: method("trace"),
  };
}
