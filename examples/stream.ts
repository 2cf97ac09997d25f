/**
 * Server-sent events: one a second until the client leaves or the server begins to stop.
 *
 *     curl -N http://127.0.0.1:8000/
 */
import type { AsgiApp } from "../mod.ts";

export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  const { abort_signal, drain_signal } = scope.extensions;
  const gone = abort_signal.signal;
  const draining = drain_signal.signal;

  await send({
    type: "http.response.start",
    status: 200,
    headers: [
      ["content-type", "text/event-stream"],
      ["cache-control", "no-store"],
    ],
  });
  for (let count = 1; !draining.aborted && !gone.aborted; count++) {
    const body = `id: ${count}\ndata: ${new Date().toISOString()}\n\n`;
    await send({ type: "http.response.body", body, more_body: true });
    await pause(1000, AbortSignal.any([gone, draining]));
  }
  // Without this a server that stops would have to cut the stream off.
  if (!gone.aborted) {
    await send({ type: "http.response.body", body: "event: bye\ndata:\n\n" });
  }
};

/** Waits `ms` milliseconds, or until the signal is raised. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
