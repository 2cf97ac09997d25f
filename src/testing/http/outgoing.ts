/** From what `fetch()` takes to the bytes of a request (RFC 9112 §3, §7.1). */

/** A request that is to be sent. */
export interface Outgoing {
  /** Method, target and fields, with the empty line. */
  readonly head: Uint8Array;
  readonly method: string;
  /** Without its fragment. */
  readonly url: string;
  readonly body: OutgoingBody;
  /** Whether the body waits for a 100 (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
}

/** What follows the head. */
export type OutgoingBody =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | {
    readonly kind: "stream";
    readonly stream: ReadableStream<unknown>;
    readonly isChunked: boolean;
  };

/** What a test may say of a request beyond the standard. */
export interface OutgoingOptions {
  /** Request target as it is to be sent, such as `*` or `/a/../b`. Default: path and query of the URL. */
  readonly target?: string | undefined;
}

/** A text whose units are octets, as bytes. */
export function bytesOfLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

/**
 * Makes the request.
 *
 * @param baseUrl What a path is completed by.
 * @throws TypeError as `new Request()`.
 */
export async function outgoing(
  input: string | URL | Request,
  init: RequestInit & OutgoingOptions,
  baseUrl: string,
): Promise<Outgoing> {
  const { target, ...standard } = init;
  // Deno and Node refuse some methods, and bodies of others, where Bun does not; a server has to
  // answer them all.
  const hasBody = standard.body !== undefined && standard.body !== null;
  const special =
    (hasBody ? /^(CONNECT|GET|HEAD|TRACE|TRACK)$/i : /^(CONNECT|TRACE|TRACK)$/i)
      .exec(standard.method ?? "GET")?.[0];
  if (special !== undefined) standard.method = hasBody ? "POST" : "GET";
  const request = new Request(
    input instanceof Request ? input : new URL(input, baseUrl),
    // Node 24 demands it for streams; to say it in any case costs nothing.
    { ...standard, duplex: "half" } as RequestInit,
  );
  const url = new URL(request.url);
  url.hash = "";
  const { headers } = request;
  const method = special?.toUpperCase() ?? request.method;
  const fields: string[] = [];
  if (!headers.has("host")) fields.push(`host: ${url.host}`);
  for (const [name, value] of headers) fields.push(`${name}: ${value}`);
  const body = await bodyOf(request, init.body);
  if (!headers.has("content-length") && !headers.has("transfer-encoding")) {
    if (body.kind === "stream") fields.push("transfer-encoding: chunked");
    // RFC 9110 §8.6: of methods that usually have a body, also if it is empty.
    else if (body.kind === "bytes" || /^(POST|PUT|PATCH)$/.test(method)) {
      const length = body.kind === "bytes" ? body.bytes.length : 0;
      fields.push(`content-length: ${length}`);
    }
  }
  const path = target ?? url.pathname + url.search;
  const lines = [`${method} ${path} HTTP/1.1`, ...fields, "", ""];
  return {
    head: bytesOfLatin1(lines.join("\r\n")),
    method,
    url: url.href,
    body,
    expectsContinue: body.kind !== "none" &&
      headers.get("expect")?.toLowerCase() === "100-continue",
  };
}

async function bodyOf(
  request: Request,
  given: BodyInit | null | undefined,
): Promise<OutgoingBody> {
  const stream = request.body;
  if (stream === null) return { kind: "none" };
  const hasLength = request.headers.has("content-length");
  if (given instanceof ReadableStream || given === undefined || hasLength) {
    return { kind: "stream", stream, isChunked: !hasLength };
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  return { kind: "bytes", bytes };
}

const encoder = new TextEncoder();
const LAST_CHUNK = encoder.encode("0\r\n\r\n");

/** Sends a body, as fast as the server takes it. */
export async function sendBody(
  body: OutgoingBody,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  if (body.kind === "none") return;
  if (body.kind === "bytes") return await write(body.bytes);
  const reader = body.stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(
          "Cannot send body: expected a stream of Uint8Array",
        );
      }
      // A chunk without bytes would be the last one.
      if (value.length > 0) await write(body.isChunked ? chunk(value) : value);
    }
    if (body.isChunked) await write(LAST_CHUNK);
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

function chunk(bytes: Uint8Array): Uint8Array {
  const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const whole = new Uint8Array(size.length + bytes.length + 2);
  whole.set(size);
  whole.set(bytes, size.length);
  whole.set([0x0d, 0x0a], size.length + bytes.length);
  return whole;
}
