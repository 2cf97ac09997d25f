/**
 * Traces through OpenTelemetry: with --otel the server makes a span of each request, and this
 * application one of its own inside of it. Here they are printed; a real application sends them to
 * a collector, by the exporter of `@opentelemetry/exporter-trace-otlp-http`.
 *
 *     curl http://127.0.0.1:8000/items/7
 *
 * On Deno with OTEL_DENO=true the runtime brings all of the set-up below, and sends the spans.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { AsgiApp, HttpScope, Send } from "../mod.ts";

const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
context.setGlobalContextManager(
  new AsyncLocalStorageContextManager().enable(),
);
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(provider);

const tracer = trace.getTracer("example");

async function answer(send: Send, status: number, body: string) {
  const headers = [["content-type", "text/plain"]] as const;
  await send({ type: "http.response.start", status, headers });
  await send({ type: "http.response.body", body: `${body}\n` });
}

async function handle(scope: HttpScope, send: Send): Promise<void> {
  const [, id] = /^\/items\/(\d+)$/.exec(scope.path) ?? [];
  if (id === undefined) return await answer(send, 404, "Not here");
  // What differs from request to request has no place in the name of a span.
  scope.extensions["http.route"]?.set("/items/{id}");
  const name = await tracer.startActiveSpan("look up", async (span) => {
    span.setAttribute("item.id", id);
    await new Promise((resolve) => setTimeout(resolve, 5));
    span.end();
    return `Item ${id}`;
  });
  await answer(send, 200, name);
}

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "http") return await handle(scope, send);
  if (scope.type !== "lifespan") return;
  await receive();
  await send({ type: "lifespan.startup.complete" });
  await receive();
  await provider.shutdown(); // what is not exported yet
  await send({ type: "lifespan.shutdown.complete" });
};
