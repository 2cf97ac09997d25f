import assert from "node:assert/strict";
import { test } from "node:test";
import {
  nextWebSocketState,
  WEBSOCKET_EXPECTED,
  type WebSocketSendKind,
  type WebSocketState,
} from "../../../src/connection/exchange/websocket_states.ts";

/** State, message, state after it: all that is allowed. */
const ALLOWED: Readonly<
  Record<
    WebSocketState,
    Readonly<Partial<Record<WebSocketSendKind, WebSocketState>>>
  >
> = {
  connecting: { accept: "open", close: "closed", denialStart: "denying" },
  open: { send: "open", close: "closed" },
  denying: { denialBody: "denying", lastDenialBody: "closed" },
  closed: { close: "closed" },
};

const KINDS: Readonly<Record<WebSocketSendKind, string>> = {
  accept: "websocket.accept",
  send: "websocket.send",
  close: "websocket.close",
  denialStart: "websocket.http.response.start",
  denialBody: "websocket.http.response.body",
  lastDenialBody: "websocket.http.response.body",
};

for (const state of Object.keys(ALLOWED) as WebSocketState[]) {
  for (const kind of Object.keys(KINDS) as WebSocketSendKind[]) {
    const next = ALLOWED[state][kind];
    test(`nextWebSocketState() of ${state} after ${kind} is ${next}`, () => {
      assert.equal(nextWebSocketState(state, kind), next);
    });
  }

  test(`WEBSOCKET_EXPECTED names all that ${state} takes`, () => {
    const taken = state === "closed" ? [] : Object.keys(ALLOWED[state]);
    const names = new Set(taken.map((kind) => KINDS[kind as never] as string));
    const named = WEBSOCKET_EXPECTED[state].match(/[a-z.]*\.[a-z.]+/g) ?? [];
    assert.deepEqual(named.sort(), [...names].sort());
  });
}
