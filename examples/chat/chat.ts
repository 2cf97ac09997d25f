/**
 * A chat room: one page, and a WebSocket for everybody who is on it.
 *
 * Run it with `tricorn --app-dir examples/chat chat:app` and open it in two tabs. With `--workers 4`
 * the two may reach different processes, and with `--channels redis://…` different hosts: processes
 * tell each other over a topic (docs/topics.md).
 */
import { fileURLToPath } from "node:url";
import type {
  AsgiApp,
  HttpScope,
  LifespanApp,
  Send,
  Topics,
  TopicSubscription,
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

/** What one process tells the others, as JSON. */
interface Notice {
  /** Which process. */
  from: string;
  /** Everybody who is connected to it now. */
  names: string[];
  /** What the people of the others are to be told. */
  told?: Told;
  /** Whether the others are to say who is connected to them. */
  asks?: boolean;
}

/** Each process tells the others who is there so often, in milliseconds. */
const TELL_EVERY_MS = 10_000;
/** A process that has not done so for so long has crashed, and its people are gone, in milliseconds. */
const FORGET_AFTER_MS = 35_000;
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

/** The room, as this process knows it. */
class Room {
  readonly #id = crypto.randomUUID();
  readonly #here = new Set<Person>();
  /** By process, and when it last said so. */
  readonly #elsewhere = new Map<string, { names: string[]; at: number }>();
  #topic: TopicSubscription | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Begins to listen to other processes. */
  async open(topics: Topics): Promise<void> {
    this.#topic = await topics.subscribe("chat");
    void this.#listen(this.#topic);
    this.#publish({ asks: true });
    this.#timer = setInterval(() => this.#refresh(), TELL_EVERY_MS);
  }

  /** Nobody is connected to this process any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#publish({});
    this.#topic?.close();
  }

  /** Everybody, here and elsewhere. */
  get names(): string[] {
    const elsewhere = [...this.#elsewhere.values()];
    return [...this.#namesHere, ...elsewhere.flatMap(({ names }) => names)];
  }

  get #namesHere(): string[] {
    return [...this.#here].map((person) => person.name);
  }

  add(person: Person): void {
    const people = this.names;
    this.#tellHere({ type: "join", name: person.name });
    this.#here.add(person);
    this.#publish({ told: { type: "join", name: person.name } });
    person.tell({ type: "welcome", name: person.name, people });
  }

  delete(person: Person): void {
    this.#here.delete(person);
    this.tellAll({ type: "leave", name: person.name });
  }

  tellAll(told: Told): void {
    this.#tellHere(told);
    this.#publish({ told });
  }

  #tellHere(told: Told): void {
    for (const person of this.#here) person.tell(told);
  }

  /** To all other processes; this one does not get it. */
  #publish(notice: Pick<Notice, "asks" | "told">): void {
    const whole: Notice = {
      from: this.#id,
      names: this.#namesHere,
      ...notice,
    };
    this.#topic?.publish(JSON.stringify(whole));
  }

  async #listen(topic: TopicSubscription): Promise<void> {
    for await (const message of topic) {
      const { from, names, told, asks } = JSON.parse(String(message)) as Notice;
      this.#elsewhere.set(from, { names, at: Date.now() });
      if (told !== undefined) this.#tellHere(told);
      if (asks) this.#publish({});
    }
  }

  #refresh(): void {
    for (const [from, { names, at }] of this.#elsewhere) {
      if (Date.now() - at < FORGET_AFTER_MS) continue;
      this.#elsewhere.delete(from);
      for (const name of names) this.#tellHere({ type: "leave", name });
    }
    this.#publish({});
  }
}

const room = new Room();

/**
 * The name that was asked for, made different from everybody else's. Two who come in the same moment
 * to different processes may still share one.
 */
function freeName(asked: string): string {
  const name = asked.trim().slice(0, MAX_NAME) || "Somebody";
  const taken = new Set(room.names);
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
  room.add(me);
  try {
    for (;;) {
      const event = await receive();
      if (event.type === "websocket.disconnect") return;
      if (event.type !== "websocket.receive") continue;
      const text = event.text?.trim().slice(0, MAX_TEXT) ?? "";
      if (text !== "") room.tellAll({ type: "say", name: me.name, text });
    }
  } finally {
    room.delete(me);
  }
};

const lifespan: LifespanApp = async (scope, receive, send) => {
  await receive(); // lifespan.startup
  await room.open(scope.extensions.topics!);
  await send({ type: "lifespan.startup.complete" });

  await receive(); // lifespan.shutdown
  room.close();
  await send({ type: "lifespan.shutdown.complete" });
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
    case "lifespan":
      return await (lifespan as AsgiApp)(scope, receive, send);
  }
};
