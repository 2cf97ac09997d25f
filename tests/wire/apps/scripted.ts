/** Does what each request's query says: see tests/_support/script.ts. */
import type {
  AsgiApp,
  HttpScope,
  Receive,
  Send,
  SendEvent,
} from "../../../src/asgi.ts";
import type { ScriptMessage, Step } from "../../_support/script.ts";

const released = new Map<string, PromiseWithResolvers<void>>();

function gate(name: string): PromiseWithResolvers<void> {
  let found = released.get(name);
  if (found === undefined) {
    found = Promise.withResolvers<void>();
    released.set(name, found);
  }
  return found;
}

function described(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : String(error);
}

/** The call of one request. */
class ScriptedCall {
  readonly #id: string;
  readonly #scope: HttpScope;
  readonly #receive: Receive;
  readonly #send: Send;

  constructor(id: string, scope: HttpScope, receive: Receive, send: Send) {
    this.#id = id;
    this.#scope = scope;
    this.#receive = receive;
    this.#send = send;
  }

  #note(text: string): void {
    console.log(`app ${this.#id} ${text}`);
  }

  async #next(): Promise<{ body: Uint8Array; more: boolean; isGone: boolean }> {
    const event = await this.#receive();
    if (event.type === "http.request") {
      return { body: event.body, more: event.more_body, isGone: false };
    }
    return { body: new Uint8Array(0), more: false, isGone: true };
  }

  async #readAll(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (;;) {
      const { body, more, isGone } = await this.#next();
      if (isGone) throw new Error("The client left inside its body");
      pieces.push(body);
      if (!more) break;
    }
    const whole = new Uint8Array(
      pieces.reduce((size, piece) => size + piece.length, 0),
    );
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  async #receiveOnce(): Promise<boolean> {
    const { body, more, isGone } = await this.#next();
    this.#note(
      isGone
        ? "received disconnect"
        : `received ${body.length} ${more ? "more" : "last"}`,
    );
    return isGone;
  }

  async do(step: Step): Promise<void> {
    const send = this.#send;
    switch (step[0]) {
      case "start":
        return await send({
          type: "http.response.start",
          status: step[1],
          headers: step[2] ?? [],
        });
      case "body":
        return await send({
          type: "http.response.body",
          body: step[1] ?? "",
          more_body: step[2] ?? false,
        });
      case "send":
        return await send(step[1] as SendEvent);
      case "try":
        try {
          await send(step[1] as SendEvent);
          this.#note("sent");
        } catch (error) {
          this.#note(`rejected ${described(error)}`);
        }
        return;
      case "receive":
        await this.#receiveOnce();
        return;
      case "readAll":
        this.#note(`read ${(await this.#readAll()).length}`);
        return;
      case "untilDisconnect":
        while (!await this.#receiveOnce());
        return;
      case "echo": {
        const body = await this.#readAll();
        await send({ type: "http.response.start", status: 200 });
        return await send({ type: "http.response.body", body });
      }
      case "flood": {
        const piece = new Uint8Array(step[2]).fill(0x2e);
        for (let sent = 0; sent < step[1]; sent++) {
          await send({
            type: "http.response.body",
            body: piece,
            more_body: true,
          });
        }
        this.#note("flooded");
        return;
      }
      case "signal": {
        const { signal } = this.#scope.extensions[step[1]] as {
          readonly signal: AbortSignal;
        };
        if (!signal.aborted) {
          await new Promise((resolve) =>
            signal.addEventListener("abort", resolve)
          );
        }
        this.#note(`${step[1]} ${described(signal.reason)}`);
        return;
      }
      case "probeSignal": {
        const { signal } = this.#scope.extensions.abort_signal;
        this.#note(`signal ${signal.aborted ? "raised" : "quiet"}`);
        return;
      }
      case "requestTrailers": {
        const entry = this.#scope.extensions["http.request.trailers"];
        this.#note(`trailers ${JSON.stringify(await entry!.trailers)}`);
        return;
      }
      case "wait":
        return await gate(step[1]).promise;
      case "sleep":
        await new Promise((resolve) => setTimeout(resolve, step[1]));
        return;
      case "note":
        this.#note(step[1]);
        return;
      case "throw":
        throw new Error(step[1]);
    }
  }
}

async function answer(
  send: Send,
  body: string,
  type = "text/plain",
): Promise<void> {
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", type]],
  });
  await send({ type: "http.response.body", body });
}

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  const query = decodeURIComponent(scope.query_string);
  switch (
    scope.path.slice(
      scope.path.startsWith(scope.root_path) ? scope.root_path.length : 0,
    )
  ) {
    case "/run": {
      const { id, steps }: ScriptMessage = JSON.parse(query);
      const call = new ScriptedCall(id, scope, receive, send);
      for (const step of steps) {
        if (step[0] === "return") return step[1] as undefined;
        await call.do(step);
      }
      return;
    }
    case "/release":
      gate(query).resolve();
      return await answer(send, "released");
    default:
      if (!query.startsWith("scope")) {
        return await answer(send, "Hello, world!");
      }
  }
  // Live objects are shown by their names.
  const text = JSON.stringify(scope, (key, value) => {
    return key === "extensions" ? Object.keys(value) : value;
  });
  await answer(send, text, "application/json");
};
