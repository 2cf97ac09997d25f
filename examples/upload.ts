/**
 * Files that are sent in are written while they arrive, up to a limit. `UPLOADS` names the folder,
 * by default `uploads` in the working directory; `MAX_UPLOAD` the limit in bytes, by default 10 MiB.
 *
 *     curl -T photo.jpg http://127.0.0.1:8000/
 */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { AsgiApp, HttpScope, Receive, Send } from "../mod.ts";

const FOLDER = process.env.UPLOADS ?? "uploads";
const MAX_BYTES = Number(process.env.MAX_UPLOAD ?? 10 * 1024 * 1024);
/** No path, no hidden file, nothing that a system takes for something else. */
const NAME = /^\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,99})$/;

let uploads = 0;

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  const name = NAME.exec(scope.path)?.[1];
  if (scope.method !== "PUT") return await answer(send, 405, "Use PUT");
  if (name === undefined) return await answer(send, 400, "Not a file name");
  // What is announced as too long is refused before any of it is read.
  if (announcedBytes(scope) > MAX_BYTES) return await refuse(send);

  await mkdir(FOLDER, { recursive: true });
  // Whoever looks into the folder sees whole files only.
  const partial = join(FOLDER, `.${process.pid}-${++uploads}.part`);
  try {
    const size = await save(receive, partial);
    if (size === "gone") return;
    if (size === "too long") return await refuse(send);
    await rename(partial, join(FOLDER, name));
    await answer(send, 201, `Saved ${name}, ${size} bytes`);
  } finally {
    await rm(partial, { force: true });
  }
};

/** Writes the body to `path`. Nothing more is received than can be written. */
async function save(
  receive: Receive,
  path: string,
): Promise<number | "too long" | "gone"> {
  const file = await open(path, "w");
  try {
    for (let size = 0;;) {
      const event = await receive();
      if (event.type !== "http.request") return "gone";
      size += event.body.length;
      if (size > MAX_BYTES) return "too long";
      await file.writeFile(event.body);
      if (!event.more_body) return size;
    }
  } finally {
    await file.close();
  }
}

function announcedBytes({ headers }: HttpScope): number {
  const length = headers.find(([name]) => name === "content-length")?.[1];
  return length === undefined ? 0 : Number(length);
}

async function refuse(send: Send): Promise<void> {
  await answer(send, 413, `Too long: at most ${MAX_BYTES} bytes`);
}

async function answer(
  send: Send,
  status: number,
  text: string,
): Promise<void> {
  await send({
    type: "http.response.start",
    status,
    headers: [["content-type", "text/plain; charset=utf-8"]],
  });
  await send({ type: "http.response.body", body: `${text}\n` });
}
