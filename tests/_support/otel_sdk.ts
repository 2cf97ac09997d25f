/** OpenTelemetry's real SDK in the memory of this process: spans and measurements to look at. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "./this_runtime.ts";

// Loosely typed: the packages are looked for where an application's are.
// deno-lint-ignore no-explicit-any
type Loose = any;

const load = (name: string): Loose =>
  createRequire(join(ROOT, "package.json"))(name);

/** A span that has ended. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
  readonly events: readonly { readonly name: string }[];
  readonly parentSpanContext?: { readonly spanId: string };
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

/** The SDK, registered as an application's start does it. */
export interface Sdk {
  readonly api: Loose;
  /** Spans that have ended, in that order. */
  spans(): readonly EndedSpan[];
  /** The points of the histogram `name`. */
  points(name: string): Promise<
    readonly {
      readonly attributes: Readonly<Record<string, unknown>>;
      readonly value: {
        readonly count: number;
        readonly sum: number;
        readonly buckets: { readonly boundaries: readonly number[] };
      };
    }[]
  >;
  /** Forgets what has ended. */
  reset(): void;
  /** Takes it out of the process. */
  unregister(): Promise<void>;
}

/** Registers it. */
export function registerSdk(): Sdk {
  const api = load("@opentelemetry/api");
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } =
    load("@opentelemetry/sdk-trace-base");
  const { MeterProvider, MetricReader } = load("@opentelemetry/sdk-metrics");
  const { AsyncLocalStorageContextManager } = load(
    "@opentelemetry/context-async-hooks",
  );
  const { W3CTraceContextPropagator } = load("@opentelemetry/core");
  class Reader extends MetricReader {
    onForceFlush(): Promise<void> {
      return Promise.resolve();
    }
    onShutdown(): Promise<void> {
      return Promise.resolve();
    }
  }
  const exporter = new InMemorySpanExporter();
  const reader = new Reader();
  const tracing = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const metering = new MeterProvider({ readers: [reader] });
  const manager = new AsyncLocalStorageContextManager().enable();
  api.context.setGlobalContextManager(manager);
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  api.trace.setGlobalTracerProvider(tracing);
  api.metrics.setGlobalMeterProvider(metering);
  return {
    api,
    spans: () => exporter.getFinishedSpans(),
    async points(name) {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }: Loose) =>
        metrics
      ).filter(({ descriptor }: Loose) => descriptor.name === name)
        .flatMap(({ dataPoints }: Loose) => dataPoints);
    },
    reset: () => exporter.reset(),
    async unregister() {
      await tracing.shutdown();
      await metering.shutdown();
      api.trace.disable();
      api.metrics.disable();
      api.propagation.disable();
      api.context.disable();
    },
  };
}
