import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EXPECTED,
  nextState,
  type ResponseState,
  type SendKind,
} from "../../../src/connection/exchange/response_states.ts";

/** State, message, state after it: all that is allowed. */
const ALLOWED: Readonly<
  Record<ResponseState, Readonly<Partial<Record<SendKind, ResponseState>>>>
> = {
  unsent: { interim: "unsent", start: "started" },
  started: {
    interim: "started",
    body: "streaming",
    lastBody: "complete",
    lastBodyBeforeTrailers: "trailers",
    file: "complete",
    fileBeforeTrailers: "trailers",
  },
  streaming: {
    interim: "streaming",
    body: "streaming",
    lastBody: "complete",
    lastBodyBeforeTrailers: "trailers",
  },
  trailers: {
    interim: "trailers",
    trailers: "trailers",
    lastTrailers: "complete",
  },
  complete: {},
};

const KINDS: Readonly<Record<SendKind, string>> = {
  interim: "http.response.early_hint",
  start: "http.response.start",
  body: "http.response.body",
  lastBody: "http.response.body",
  lastBodyBeforeTrailers: "http.response.body",
  file: "http.response.pathsend",
  fileBeforeTrailers: "http.response.pathsend",
  trailers: "http.response.trailers",
  lastTrailers: "http.response.trailers",
};

for (const state of Object.keys(ALLOWED) as ResponseState[]) {
  for (const kind of Object.keys(KINDS) as SendKind[]) {
    const next = ALLOWED[state][kind];
    test(`nextState() of ${state} after ${kind} is ${next}`, () => {
      assert.equal(nextState(state, kind), next);
    });
  }

  test(`EXPECTED names a message that moves on from ${state}`, () => {
    const moving = Object.entries(ALLOWED[state])
      .filter(([kind, next]) => kind !== "interim" && next !== undefined)
      .map(([kind]) => KINDS[kind as SendKind]);
    if (state === "complete") assert.equal(EXPECTED[state], "");
    else assert.ok(moving.includes(EXPECTED[state]), EXPECTED[state]);
  });
}
