/** What we use of `@opentelemetry/api`, version 1, which is the application's own. */
import { ConfigError } from "../../errors.ts";
import { runtime } from "../../runtime/mod.ts";

const PACKAGE = "@opentelemetry/api";

/** Values by name of the semantic conventions. */
export interface Attributes {
  [name: string]: string | number | undefined;
}

/** What is active: opaque. */
export type Context = object;

/** One span, or one that records nothing. */
export interface Span {
  isRecording(): boolean;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): void;
  recordException(exception: Error | string): void;
  updateName(name: string): unknown;
  end(): void;
}

/** Makes spans. */
export interface Tracer {
  startSpan(
    name: string,
    options: { readonly kind: number; readonly attributes: Attributes },
    parent: Context,
  ): Span;
}

/** Counts values in buckets. */
export interface Histogram {
  record(value: number, attributes: Attributes, context?: Context): void;
}

/** Reads a request's fields for a propagator. */
export interface FieldReader<C> {
  get(carrier: C, name: string): string | string[] | undefined;
  keys(carrier: C): string[];
}

/** The package's exports. */
export interface OtelApi {
  readonly ROOT_CONTEXT: Context;
  readonly SpanKind: { readonly SERVER: number; readonly INTERNAL: number };
  readonly SpanStatusCode: { readonly ERROR: number };
  readonly context: {
    with<A extends unknown[], R>(
      context: Context,
      run: (...args: A) => R,
      thisArg: undefined,
      ...args: A
    ): R;
  };
  readonly propagation: {
    extract<C>(context: Context, carrier: C, reader: FieldReader<C>): Context;
  };
  readonly trace: {
    getTracer(name: string, version: string): Tracer;
    setSpan(context: Context, span: Span): Context;
    getTracerProvider(): object;
  };
  readonly metrics: {
    getMeter(name: string, version: string): {
      createHistogram(name: string, options: object): Histogram;
    };
  };
  /** What stands for the tracers of an SDK that is not there yet. */
  readonly ProxyTracerProvider: new () => {
    getDelegateTracer(name: string, version: string): Tracer | undefined;
  };
}

/**
 * Loads the package as a module in `folder` would.
 *
 * @throws ConfigError in one line that says how to install it.
 */
export async function loadOtelApi(folder: string): Promise<OtelApi> {
  const api = await runtime.loadPackage(PACKAGE, folder);
  if (api === undefined) {
    throw new ConfigError(
      `Cannot use --otel: install OpenTelemetry's API with "npm install ${PACKAGE}"`,
      3,
    );
  }
  return api as unknown as OtelApi;
}

/** Whether an SDK has registered: without one, all spans and measurements are dropped. */
export function hasSdk(
  { trace, ProxyTracerProvider }: OtelApi,
): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegateTracer("tricorn", "") !== undefined;
}
