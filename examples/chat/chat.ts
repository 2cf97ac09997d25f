/**
 * A chat room: one page, and a WebSocket for everybody who is on it.
 *
 * Run it with `tricorn --app-dir examples/chat chat:app` and open it in two tabs.
 */
import { fileURLToPath } from "node:url";
import type {
  AsgiApp,
  HttpScope,
  Send,
  WebSocketApp,
  WebSocketScope,
  WebSocketSendEvent,
} from "../../mod.ts";

/** What the page is sent, as JSON. */
type Told =
  /** To who joins: the name they got, and who else is there. */
  | { type: "welcome"; name: string; people: string[] }
  | { type: "join"; name: string }
  | { type: "leave"; name: string }
  | { type: "say"; name: string; text: string };

/** Messages on their way to somebody who does not read them; past this, they have to go. */
const MAX_BEHIND = 100;
const MAX_NAME = 32;
const MAX_TEXT = 2_000;
const PAGE = fileURLToPath(new URL("page.html", import.meta.url));

/** Somebody in the room. */
class Person {
  readonly name: string;
  readonly #send: Send<WebSocketSendEvent>;
  #behind = 0;

  constructor(name: string, send: Send<WebSocketSendEvent>) {
    this.name = name;
    this.#send = send;
  }

  /** Nobody waits for a slow reader: the others' words must not depend on them. */
  tell(told: Told): void {
    if (this.#behind > MAX_BEHIND) {
      void this.#send({
        type: "websocket.close",
        code: 1013,
        reason: "too far behind",
      });
      return;
    }
    this.#behind++;
    this.#send({ type: "websocket.send", text: JSON.stringify(told) }).then(
      () => this.#behind--,
      () => {}, // gone: their own call hears of it and takes them off the list
    );
  }
}

const room = new Set<Person>();

function tellAll(told: Told): void {
  for (const person of room) person.tell(told);
}

/** The name that was asked for, made different from everybody else's. */
function freeName(asked: string): string {
  const name = asked.trim().slice(0, MAX_NAME) || "Somebody";
  const taken = new Set([...room].map((person) => person.name));
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name} ${number}`)) number++;
  return `${name} ${number}`;
}

function header(scope: HttpScope | WebSocketScope, name: string): string {
  return scope.headers.find((field) => field[0] === name)?.[1] ?? "";
}

/**
 * Whether the page that asks is ours: browsers let every page open a WebSocket to everywhere, and
 * send our visitor's cookies along.
 */
function isOurPage(scope: WebSocketScope): boolean {
  const origin = header(scope, "origin");
  return origin === "" || // no browser
    URL.parse(origin)?.host === header(scope, "host");
}

const chat: WebSocketApp = async (scope, receive, send) => {
  await receive(); // websocket.connect
  if (!isOurPage(scope)) {
    await send({ type: "websocket.http.response.start", status: 403 });
    await send({
      type: "websocket.http.response.body",
      body: "This page may not chat here\n",
    });
    return;
  }
  await send({ type: "websocket.accept" });
  const asked = new URLSearchParams(scope.query_string).get("name") ?? "";
  const me = new Person(freeName(asked), send);
  const people = [...room].map((person) => person.name);
  tellAll({ type: "join", name: me.name });
  room.add(me);
  me.tell({ type: "welcome", name: me.name, people });
  try {
    for (;;) {
      const event = await receive();
      if (event.type === "websocket.disconnect") return;
      if (event.type !== "websocket.receive") continue;
      const text = event.text?.trim().slice(0, MAX_TEXT) ?? "";
      if (text !== "") tellAll({ type: "say", name: me.name, text });
    }
  } finally {
    room.delete(me);
    tellAll({ type: "leave", name: me.name });
  }
};

async function servePage(scope: HttpScope, send: Send): Promise<void> {
  if (scope.path !== "/") {
    await send({ type: "http.response.start", status: 404 });
    await send({ type: "http.response.body", body: "Not found\n" });
    return;
  }
  await send({
    type: "http.response.start",
    status: 200,
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      [
        "content-security-policy",
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'",
      ],
    ],
  });
  await send({ type: "http.response.pathsend", path: PAGE });
}

export const app: AsgiApp = async (scope, receive, send) => {
  switch (scope.type) {
    case "http":
      return await servePage(scope, send);
    case "websocket":
      return await chat(
        scope,
        receive as Parameters<WebSocketApp>[1],
        send,
      );
    default:
      throw new Error("No lifespan here");
  }
};
