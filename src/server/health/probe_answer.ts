/** A whole response to a probe. */
import type { Send } from "../../asgi.ts";

/** What is answered. */
export interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Of answers in words. */
export const TEXT = "text/plain; charset=utf-8";
const encoder = new TextEncoder();

/** Sends it, for this moment alone: no cache keeps it. @param headers Further ones. */
export async function sendAnswer(
  send: Send,
  { status, contentType, body }: ProbeAnswer,
  headers: readonly (readonly [string, string])[] = [],
): Promise<void> {
  const bytes = encoder.encode(body);
  await send({
    type: "http.response.start",
    status,
    headers: [
      ["content-type", contentType],
      ["content-length", String(bytes.length)],
      ["cache-control", "no-store"],
      ...headers,
    ],
  });
  await send({ type: "http.response.body", body: bytes });
}
