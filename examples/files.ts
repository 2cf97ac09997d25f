/**
 * Files of the working directory, with byte ranges. The server reads them: the application only
 * says which, from where and how much.
 *
 *     curl http://127.0.0.1:8000/README.md
 *     curl -r 0-99 http://127.0.0.1:8000/README.md
 */
import { stat } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import process from "node:process";
import type { AsgiApp, HeaderPair, Send } from "../mod.ts";

const ROOT = process.cwd();

export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  if (scope.method !== "GET" && scope.method !== "HEAD") {
    return await answer(send, 405, [["allow", "GET, HEAD"]]);
  }
  const path = filePath(scope.path);
  const info = path === undefined
    ? undefined
    : await stat(path).catch(() => undefined);
  if (path === undefined || !info?.isFile()) return await answer(send, 404);

  const { size } = info;
  const wanted = scope.headers.find(([name]) => name === "range")?.[1];
  const range = wanted === undefined ? undefined : readRange(wanted, size);
  if (range === "beyond") {
    return await answer(send, 416, [["content-range", `bytes */${size}`]]);
  }
  const { offset, count } = range ?? { offset: 0, count: size };
  const headers: HeaderPair[] = [
    ["content-type", "application/octet-stream"],
    ["content-length", String(count)],
    ["accept-ranges", "bytes"],
  ];
  if (range !== undefined) {
    const last = offset + count - 1;
    headers.push(["content-range", `bytes ${offset}-${last}/${size}`]);
  }
  const status = range === undefined ? 200 : 206;
  await send({ type: "http.response.start", status, headers });
  await send({ type: "http.response.pathsend", path, offset, count });
};

/** The file a URL's path means, or `undefined` if it is hidden or would lie outside of the folder. */
function filePath(urlPath: string): string | undefined {
  // Dots at the start of a name: the way up, and what is nobody's business, such as .env.
  if (urlPath.includes("\0") || /[/\\]\./.test(urlPath)) return undefined;
  const path = resolve(ROOT, `.${urlPath}`);
  const inside = relative(ROOT, path);
  return inside.startsWith("..") || isAbsolute(inside) ? undefined : path;
}

/** One range of bytes (RFC 9110 §14.1.2). Several, or nonsense: the whole file is a right answer. */
function readRange(
  value: string,
  size: number,
): { offset: number; count: number } | "beyond" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value);
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const count = Math.min(Number(last), size);
    return count === 0 ? "beyond" : { offset: size - count, count };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) return "beyond";
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { offset, count: end - offset };
}

async function answer(
  send: Send,
  status: number,
  headers: HeaderPair[] = [],
): Promise<void> {
  await send({ type: "http.response.start", status, headers });
  await send({ type: "http.response.body", body: `${status}\n` });
}
