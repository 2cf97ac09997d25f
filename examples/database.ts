/**
 * A database that is opened before the first request and closed after the last, and a guest book
 * in it. `DATABASE` names its file; without it, it is in memory.
 *
 *     curl -d 'Ann was here' http://127.0.0.1:8000/
 *     curl http://127.0.0.1:8000/
 */
import process from "node:process";
import type { AsgiApp, HttpScope, Receive, Send } from "../mod.ts";

/** What is used of `node:sqlite`, and what Bun's own module has as well. */
interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): {
    run(...values: (string | number)[]): unknown;
    all(...values: (string | number)[]): unknown[];
  };
  close(): void;
}

interface State {
  db: Database;
}

const MAX_ENTRY = 1000;

async function openDatabase(path: string): Promise<Database> {
  let db: Database;
  try {
    const { DatabaseSync } = await import("node:sqlite");
    db = new DatabaseSync(path);
  } catch (error) {
    if (!("Bun" in globalThis)) throw error;
    // A name in a variable: other runtimes need not know the module.
    const name = "bun:sqlite";
    const { Database } = await import(name);
    db = new Database(path) as Database;
  }
  db.exec("CREATE TABLE IF NOT EXISTS entries (text TEXT NOT NULL)");
  return db;
}

export const app: AsgiApp<State> = async (scope, receive, send) => {
  switch (scope.type) {
    case "lifespan":
      await receive(); // lifespan.startup
      try {
        scope.state.db = await openDatabase(process.env.DATABASE ?? ":memory:");
      } catch (error) {
        // The server then does not start, and says why.
        const message = error instanceof Error ? error.message : String(error);
        return await send({ type: "lifespan.startup.failed", message });
      }
      await send({ type: "lifespan.startup.complete" });
      await receive(); // lifespan.shutdown: no request is in progress any more
      scope.state.db.close();
      return await send({ type: "lifespan.shutdown.complete" });
    case "http":
      return await serve(scope, receive, send);
  }
};

async function serve(
  { method, state: { db } }: HttpScope<State>,
  receive: Receive,
  send: Send,
): Promise<void> {
  if (method === "POST") {
    const text = await readText(receive);
    if (text === undefined || text === "") return await answer(send, 400, "");
    db.prepare("INSERT INTO entries (text) VALUES (?)").run(text);
    return await answer(send, 201, "");
  }
  const rows = db.prepare("SELECT text FROM entries ORDER BY rowid").all();
  const lines = (rows as { text: string }[]).map(({ text }) => `${text}\n`);
  await answer(send, 200, lines.join(""));
}

/** The body, if it is not too long and the client has not gone. */
async function readText(receive: Receive): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const event = await receive();
    if (event.type !== "http.request") return undefined;
    text += decoder.decode(event.body, { stream: event.more_body });
    if (text.length > MAX_ENTRY) return undefined;
    if (!event.more_body) return text;
  }
}

async function answer(
  send: Send,
  status: number,
  body: string,
): Promise<void> {
  await send({
    type: "http.response.start",
    status,
    headers: [["content-type", "text/plain; charset=utf-8"]],
  });
  await send({ type: "http.response.body", body });
}
