/** Answers a request with a file, which the server reads (ASGI Extensions: Path Send). */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { HeaderPair, HttpScope, Send } from "../asgi.ts";
import { readByteRange } from "./byte_range.ts";
import { mediaTypeOf } from "./media_types.ts";

/** How a file is sent. */
export interface SendFileOptions {
  /** The field `content-type`. Default: by the extension of the file. */
  readonly contentType?: string;
  /** Further fields, such as `cache-control`. Default: none. */
  readonly headers?: Iterable<HeaderPair>;
}

/** What is known of a file. */
interface FileFacts {
  readonly size: number;
  readonly etag: string;
  /** In the form of HTTP, whole seconds. */
  readonly modified: string;
}

/**
 * Sends the file at `path`: with a media type, `etag` and `last-modified`; 304 if the client has it
 * (RFC 9110 §13), the part that a `range` asks for, 405 for methods other than GET and HEAD. The
 * server reads the file at the client's pace. Which paths may be read is the application's to
 * decide.
 *
 * @param path Relative to the working directory, or absolute.
 * @returns `false`, and nothing was sent, if there is no such file: answer 404.
 * @throws The error of the file system if it cannot be looked at for another reason.
 *
 * @example
 * ```ts
 * const app = defineApp(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   if (await sendFile(scope, send, "public/index.html")) return;
 *   await sendResponse(scope, send, new Response("Not found", { status: 404 }));
 * });
 * ```
 */
export async function sendFile(
  scope: HttpScope,
  send: Send,
  path: string,
  options: SendFileOptions = {},
): Promise<boolean> {
  const absolute = resolve(path);
  const facts = await factsOf(absolute);
  if (facts === undefined) return false;
  if (scope.method !== "GET" && scope.method !== "HEAD") {
    await sendEmpty(send, 405, [["allow", "GET, HEAD"]]);
    return true;
  }
  const { size, etag, modified } = facts;
  const { contentType = mediaTypeOf(absolute), headers = [] } = options;
  const fields: HeaderPair[] = [
    ["etag", etag],
    ["last-modified", modified],
    ["accept-ranges", "bytes"],
    ...headers,
  ];
  if (isKnown(scope, facts)) {
    await sendEmpty(send, 304, fields);
    return true;
  }
  const range = rangeFor(scope, facts);
  if (range === "beyond") {
    await sendEmpty(send, 416, [["content-range", `bytes */${size}`]]);
    return true;
  }
  fields.push(["content-type", contentType]);
  const { offset, count } = range ?? { offset: 0, count: size };
  fields.push(["content-length", String(count)]);
  if (range !== undefined) {
    const last = offset + count - 1;
    fields.push(["content-range", `bytes ${offset}-${last}/${size}`]);
  }
  const status = range === undefined ? 200 : 206;
  await send({ type: "http.response.start", status, headers: fields });
  await send({ type: "http.response.pathsend", path: absolute, offset, count });
  return true;
}

/** `undefined` if there is no file; a folder is none. */
async function factsOf(path: string): Promise<FileFacts | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    const { size, mtimeMs, mtime } = found;
    const tag = `${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}`;
    return { size, etag: `W/"${tag}"`, modified: mtime.toUTCString() };
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") {
      return undefined;
    }
    throw error;
  }
}

function fieldOf({ headers }: HttpScope, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

/** Whether the client has this very file (RFC 9110 §13.2.2: the tag goes before the date). */
function isKnown(scope: HttpScope, { etag, modified }: FileFacts): boolean {
  const tags = fieldOf(scope, "if-none-match");
  if (tags !== undefined) {
    // Weak comparison (RFC 9110 §8.8.3.2).
    const wanted = etag.slice(2);
    return tags.trim() === "*" ||
      tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === wanted);
  }
  const since = Date.parse(fieldOf(scope, "if-modified-since") ?? "");
  return !Number.isNaN(since) && Date.parse(modified) <= since;
}

function rangeFor(
  scope: HttpScope,
  { size, modified }: FileFacts,
): ReturnType<typeof readByteRange> {
  const range = fieldOf(scope, "range");
  if (range === undefined || scope.method !== "GET") return undefined;
  // Our tag is weak, and a weak tag matches nothing here (RFC 9110 §13.1.5).
  const condition = fieldOf(scope, "if-range");
  if (condition !== undefined && condition !== modified) return undefined;
  return readByteRange(range, size);
}

async function sendEmpty(
  send: Send,
  status: number,
  headers: readonly HeaderPair[],
): Promise<void> {
  await send({ type: "http.response.start", status, headers });
  await send({ type: "http.response.body" });
}
