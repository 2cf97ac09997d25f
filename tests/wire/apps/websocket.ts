/** WebSockets that do what their path says. What they see comes back as lines, `app <id> <what>`. */
import type {
  AsgiApp,
  Receive,
  Send,
  WebSocketReceiveEvent,
  WebSocketScope,
} from "../../../src/asgi.ts";

interface Call {
  readonly scope: WebSocketScope;
  readonly query: URLSearchParams;
  readonly receive: Receive<WebSocketReceiveEvent>;
  readonly send: Send;
  /** Writes a line that the test waits for. */
  note(text: string): void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function accept({ query, receive, send }: Call): Promise<void> {
  await receive();
  await send({
    type: "websocket.accept",
    subprotocol: query.get("subprotocol"),
    headers: [["x-app", "yes"]],
  });
}

/** Notes the disconnect; `undefined` for what is none. */
function gone(call: Call, event: WebSocketReceiveEvent): true | undefined {
  if (event.type !== "websocket.disconnect") return undefined;
  call.note(`disconnect ${event.code} ${event.reason}`.trimEnd());
  return true;
}

async function untilGone(call: Call): Promise<void> {
  while (!gone(call, await call.receive()));
}

const ROUTES: Readonly<Record<string, (call: Call) => Promise<unknown>>> = {
  async "/echo"(call) {
    await accept(call);
    const ms = Number(call.query.get("pause") ?? 0);
    for (;;) {
      const event = await call.receive();
      if (gone(call, event)) return;
      if (event.type !== "websocket.receive") continue;
      if (ms > 0) await pause(ms);
      await call.send(
        event.text !== null
          ? { type: "websocket.send", text: event.text }
          : { type: "websocket.send", bytes: event.bytes },
      );
    }
  },

  /** Takes one message each `pause` milliseconds and notes how many there were. */
  async "/slow"(call) {
    await accept(call);
    const ms = Number(call.query.get("pause"));
    let count = 0;
    for (;;) {
      await pause(ms);
      const event = await call.receive();
      if (event.type === "websocket.receive") count++;
      else {
        call.note(`took ${count}`);
        gone(call, event);
        return;
      }
    }
  },

  /** Sends `count` messages of `size` octets, each beginning with its number. */
  async "/flood"(call) {
    await accept(call);
    const count = Number(call.query.get("count"));
    const size = Number(call.query.get("size"));
    for (let i = 0; i < count; i++) {
      const bytes = new Uint8Array(size);
      new DataView(bytes.buffer).setUint32(0, i);
      await call.send({ type: "websocket.send", bytes });
      if (i % 10 === 9) call.note(`sent ${i + 1}`);
    }
    await call.send({ type: "websocket.close" });
  },

  /**
   * Expects messages that are numbered from 0, in their first four octets or ten digits, and sends
   * each back. Closes with 4001 if one is missing, repeated or in the wrong place.
   */
  async "/soak"(call) {
    await accept(call);
    for (let expected = 0;; expected++) {
      const event = await call.receive();
      if (event.type !== "websocket.receive") return;
      const number = event.text !== null
        ? Number(event.text.slice(0, 10))
        : new DataView(event.bytes.buffer, event.bytes.byteOffset).getUint32(0);
      if (number !== expected) {
        call.note(`soak broken: got ${number}, expected ${expected}`);
        await call.send({ type: "websocket.close", code: 4001 });
        return;
      }
      if (number % 7 === 3) await pause(number % 5);
      try {
        await call.send(
          event.text !== null
            ? { type: "websocket.send", text: event.text }
            : { type: "websocket.send", bytes: event.bytes },
        );
      } catch {
        return; // cut on purpose
      }
    }
  },

  async "/close"(call) {
    await accept(call);
    const reason = call.query.get("reason") ?? "";
    await call.send({
      type: "websocket.close",
      code: Number(call.query.get("code")),
      reason,
    });
    await untilGone(call);
  },

  async "/return"(call) {
    await accept(call);
  },

  async "/throw"(call) {
    await accept(call);
    throw new Error("thrown by the test");
  },

  async "/refuse"(call) {
    await call.send({ type: "websocket.close" });
    await untilGone(call);
  },

  /** Denies with three pieces, a moment apart. */
  async "/deny"(call) {
    await call.receive();
    await call.send({
      type: "websocket.http.response.start",
      status: 401,
      headers: [["www-authenticate", "Test"], ["content-type", "text/x"]],
    });
    for (const [i, body] of ["one ", "two ", "three"].entries()) {
      await call.send({
        type: "websocket.http.response.body",
        body,
        more_body: i < 2,
      });
      await pause(20);
    }
    await untilGone(call);
  },

  /** Never answers the handshake. */
  async "/silent"(call) {
    await untilGone(call);
  },

  async "/wait"(call) {
    await accept(call);
    call.note("accepted");
    await untilGone(call);
  },

  /** Says goodbye when the server begins to stop. */
  async "/goodbye"(call) {
    await accept(call);
    const signal = call.scope.extensions.drain_signal.signal;
    signal.addEventListener("abort", () => {
      void call.send({ type: "websocket.send", text: "goodbye" });
    });
    call.note("accepted");
    await untilGone(call);
  },

  async "/scope"(call) {
    await accept(call);
    const { state: _, extensions, ...scope } = call.scope;
    await call.send({
      type: "websocket.send",
      text: JSON.stringify({ ...scope, extensions: Object.keys(extensions) }),
    });
    await untilGone(call);
  },
};

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") throw new Error("no lifespan here");
  if (scope.type === "http") {
    await receive();
    await send({ type: "http.response.start", status: 200 });
    await send({ type: "http.response.body", body: `http ${scope.path}` });
    return;
  }
  const query = new URLSearchParams(scope.query_string);
  const id = query.get("id") ?? "-";
  const route = ROUTES[scope.path];
  if (route === undefined) throw new Error(`no route ${scope.path}`);
  await route({
    scope,
    query,
    receive: receive as Receive<WebSocketReceiveEvent>,
    send,
    note: (text) => console.log(`app ${id} ${text}`),
  });
};
