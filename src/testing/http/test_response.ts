/** A standard `Response`, with what the standard leaves out. */
import { forbidsBody } from "../../http/status_lines.ts";
import { ProtocolViolation } from "../errors.ts";
import type { BodyReader, RawFields, ResponseHead } from "./response_reader.ts";

/** A response in front of the response (RFC 9110 §15.2), such as 103 Early Hints. */
export interface InformationalResponse {
  /** From 100 to 199. */
  readonly status: number;
  /** Its headers. */
  readonly headers: Headers;
}

/** What a response is made of. */
export interface TestResponseParts {
  readonly head: ResponseHead;
  readonly informational: readonly InformationalResponse[];
  readonly url: string;
  readonly body: BodyReader;
  /** Called once, when the body has ended, failed or is not wanted any more. */
  readonly onEnd: (outcome: "whole" | "broken" | "cancelled") => void;
}

/** The answer to `client.fetch()`: as the server sent it, no redirect followed, nothing decoded. */
export class TestResponse extends Response {
  /** Header fields as they were sent: in their order, case and number. */
  readonly rawHeaders: RawFields;
  /** What came before it, in its order: 103 Early Hints, 100 Continue. */
  readonly informational: readonly InformationalResponse[];
  /**
   * Fields behind the body; resolves when the body has been read to its end, and is empty if there
   * were none. Rejects if the body breaks off.
   */
  readonly trailers: Promise<Headers>;
  /** What was asked for, without its fragment. */
  declare readonly url: string;

  /** @internal */
  constructor(parts: TestResponseParts) {
    const { head, body } = parts;
    const trailers = Promise.withResolvers<Headers>();
    // A test that does not ask for them need not handle the failure of the body twice.
    trailers.promise.catch(() => {});
    const { status } = head;
    if (status < 200 || status > 599) {
      throw new ProtocolViolation(
        `Cannot represent status ${status}: expected 200 to 599`,
      );
    }
    const isEmpty = forbidsBody(status) || body.hasEnded;
    super(isEmpty ? null : streamOf(parts, trailers), {
      status,
      statusText: head.reason,
      headers: headersOf(head.fields),
    });
    if (isEmpty) {
      trailers.resolve(new Headers());
      parts.onEnd("whole");
    }
    this.rawHeaders = head.fields;
    this.informational = parts.informational;
    this.trailers = trailers.promise;
    // For Node's types `url` is a field of Response, which no accessor may override.
    Object.defineProperty(this, "url", { value: parts.url });
  }
}

/** As the standard holds them. */
export function headersOf(fields: RawFields): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}

/** Read on demand: what is not read stays in the server. */
function streamOf(
  { body, onEnd }: TestResponseParts,
  trailers: PromiseWithResolvers<Headers>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const bytes = await body.next();
        if (bytes !== undefined) {
          controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
          if (!body.hasEnded) return;
        }
      } catch (error) {
        trailers.reject(error);
        onEnd("broken");
        throw error;
      }
      trailers.resolve(headersOf(body.trailers));
      onEnd("whole");
      controller.close();
    },
    cancel() {
      trailers.reject(new DOMException("The body was cancelled", "AbortError"));
      onEnd("cancelled");
    },
  }, { highWaterMark: 0 });
}
