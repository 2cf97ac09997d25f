/**
 * An application that shows how it is traced: it registers OpenTelemetry's SDK, listens to the
 * tracing channels, and answers with what both have got.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import process from "node:process";
import type { AsgiApp, HttpScope, Receive, Send } from "../../../mod.ts";
import { registerSdk } from "../../_support/otel_sdk.ts";

const sdk = registerSdk();
const store = new AsyncLocalStorage<object>();
const heard: string[] = [];
// deno-lint-ignore no-explicit-any
type Message = any;

for (const name of ["request", "websocket", "connection"]) {
  const channel = tracingChannel(`tricorn:${name}`);
  const say = (event: string, { scope, result, end, error }: Message) => {
    if (scope?.path === "/seen") return;
    const what = [
      name,
      event,
      scope?.path,
      result?.status,
      result?.abortReason,
    ];
    what.push(end?.closeCode, error?.message);
    heard.push(what.filter((part) => part !== undefined).join(" "));
  };
  for (const event of ["start", "asyncStart", "asyncEnd", "error"] as const) {
    channel[event].subscribe((message) => say(event, message));
  }
  if (name === "request") {
    channel.start.bindStore(store, (message) => (message as Message).scope);
  }
}

async function answer(send: Send, body: string): Promise<void> {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body });
}

/** What has been seen so far; that of this very path is left out. */
async function seen(): Promise<string> {
  const spans = sdk.spans().map((span) => ({
    name: span.name,
    attributes: span.attributes,
    status: span.status,
    trace: span.spanContext().traceId,
    id: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
    events: span.events.map((event) => event.name),
  })).filter(({ attributes }) => attributes["url.path"] !== "/seen");
  const durations = (await sdk.points("http.server.request.duration"))
    .map(({ attributes }) => attributes);
  return JSON.stringify({ pid: process.pid, spans, durations, heard });
}

async function handle(
  scope: HttpScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  const tracer = sdk.api.trace.getTracer("app");
  switch (scope.path) {
    case "/seen":
      return await answer(send, await seen());
    case "/inner": {
      scope.extensions["http.route"]?.set("/inner");
      await new Promise((resolve) => setTimeout(resolve, 1));
      tracer.startSpan("inner").end(); // below the span that is active
      return await answer(
        send,
        `${(store.getStore() as HttpScope | undefined)?.path}`,
      );
    }
    case "/throw":
      throw new RangeError("as asked");
    case "/cut":
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "x", more_body: true });
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new RangeError("in the middle");
    case "/wait":
      while ((await receive()).type !== "http.disconnect");
      return;
  }
}

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "http") return await handle(scope, receive, send);
  if (scope.type !== "websocket") return;
  await receive();
  if (scope.path === "/refused") return;
  await send({ type: "websocket.accept" });
  if (scope.path === "/throw") throw new RangeError("as asked");
  while ((await receive()).type !== "websocket.disconnect");
};
