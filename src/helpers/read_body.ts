/** Reads a request body as a whole, up to a limit. */
import { wholeBody } from "../application/whole_body.ts";
import type { Receive } from "../asgi.ts";
import { ClientDisconnected } from "../errors.ts";

/** How much is read. */
export interface ReadBodyOptions {
  /** Most bytes. Default: 1048576, a mebibyte. */
  readonly limit?: number;
}

/** The body is longer than the limit: answer 413. */
export class BodyTooLargeError extends RangeError {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "BodyTooLargeError";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_BODY_TOO_LARGE";
  /** The status of an answer: 413, Content Too Large. */
  readonly status = 413;
  /** Most bytes that were allowed. */
  readonly limit: number;

  /** Makes the error of a body that is longer than `limit` bytes. */
  constructor(limit: number) {
    super(`Cannot read the request body: expected at most ${limit} bytes`);
    this.limit = limit;
  }
}

/**
 * Reads the whole body. What is beyond the limit is not read: answer, and the server drops the
 * rest.
 *
 * @returns The application's own bytes.
 * @throws BodyTooLargeError beyond the limit; ClientDisconnected if the client leaves before the
 * end. Let the latter through: it is no error in the log.
 *
 * @example
 * ```ts
 * const app = defineApp(async (scope, receive, send) => {
 *   if (scope.type !== "http") return;
 *   const bytes = await readBody(receive, { limit: 10_000_000 });
 *   await sendResponse(scope, send, new Response(`${bytes.length} bytes`));
 * });
 * ```
 */
export async function readBody(
  receive: Receive,
  options: ReadBodyOptions = {},
): Promise<Uint8Array> {
  const { limit = 1024 * 1024 } = options;
  return await wholeBody(receive, clientGone, (size) => {
    if (size > limit) throw new BodyTooLargeError(limit);
  });
}

/** As {@linkcode readBody}, decoded as UTF-8; what is none becomes U+FFFD. */
export async function readText(
  receive: Receive,
  options: ReadBodyOptions = {},
): Promise<string> {
  return new TextDecoder().decode(await readBody(receive, options));
}

/**
 * As {@linkcode readText}, parsed.
 *
 * @throws SyntaxError if it is no JSON: answer 400.
 */
export async function readJson(
  receive: Receive,
  options: ReadBodyOptions = {},
): Promise<unknown> {
  return JSON.parse(await readText(receive, options));
}

function clientGone(): ClientDisconnected {
  return new ClientDisconnected(
    "Cannot read the request body: the client has disconnected",
  );
}
