/** The body of a request as a byte stream that reads no more than it is asked for. */
import type { Receive } from "../../../asgi.ts";

/** `RequestInit` of a request with a stream: the type of the DOM library lacks `duplex`. */
export interface StreamInit extends RequestInit {
  duplex?: "half";
}

/**
 * Makes the stream. It calls `receive()` only when it is read, so an application that leaves the
 * body unread stops the upload, and `100 Continue` goes out with the first read.
 *
 * @param reason Says why the body never ends, once the client has left.
 */
export function requestStream(
  receive: Receive,
  reason: () => unknown,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isCanceled = false;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      for (;;) {
        const event = await receive();
        if (isCanceled) return;
        if (event.type !== "http.request") throw reason();
        const { body, more_body: hasMore } = event;
        if (body.length > 0) {
          controller.enqueue(body as Uint8Array<ArrayBuffer>);
        }
        if (!hasMore) {
          controller.close();
          // A reader that brought its own buffer waits for it to be given back.
          controller.byobRequest?.respond(0);
          return;
        }
        if (body.length > 0) return;
      }
    },
    cancel() {
      isCanceled = true;
    },
  });
}
