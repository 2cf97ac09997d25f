/** The body of a request, read to its end. */
import type { Receive } from "../asgi.ts";

/**
 * Reads the whole body without a stream.
 *
 * @param reason Says why the body never ends, once the client has left: it is thrown.
 * @param onSize Told how many bytes have come, with each message; what it throws ends the reading.
 */
export async function wholeBody(
  receive: Receive,
  reason: () => unknown,
  onSize: (size: number) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const event = await receive();
    if (event.type !== "http.request") throw reason();
    const { body, more_body: hasMore } = event;
    size += body.length;
    onSize(size);
    if (body.length > 0) pieces.push(body);
    if (hasMore) continue;
    if (pieces.length === 1) return pieces[0] as Uint8Array<ArrayBuffer>;
    const whole = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
