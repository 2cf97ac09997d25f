/** A WebSocket over a fake socket and a fake clock, with an application in the test's hands. */
import assert from "node:assert/strict";
import type {
  ReceiveEvent,
  SendEvent,
  WebSocketReceiveEvent,
  WebSocketScope,
} from "../../src/asgi.ts";
import { READ_HIGH_WATER } from "../../src/connection/output/write_gate.ts";
import type { WebSocketSettings } from "../../src/connection/context.ts";
import type { DeflatePreferences } from "../../src/websocket/permessage_deflate.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import type { FakeSocket } from "./fake_socket.ts";
import { Harness, type HarnessOptions } from "./harness.ts";
import {
  describeFrames,
  handshakeRequest,
  textFrame,
} from "./websocket_frames.ts";

export type Send = (event: SendEvent) => Promise<void>;
export type Receive = () => Promise<ReceiveEvent>;
export type App = (
  scope: WebSocketScope,
  receive: Receive,
  send: Send,
) => Promise<unknown>;

export const WEBSOCKET: WebSocketSettings = {
  limits: DEFAULT_WEBSOCKET_LIMITS,
  maxQueue: 32,
  pingIntervalMs: Infinity,
  pingTimeoutMs: 20_000,
  closeMs: 10_000,
  handshakeMs: 30_000,
  deflate: undefined,
};

export const DEFLATE: DeflatePreferences = {
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  keepsContext: runtime.keepsDeflateContext,
};

/** A message as long as what is read ahead of a full queue: reading stops behind it. */
export const READ_AHEAD: string = "~".repeat(READ_HIGH_WATER);
export const readAhead: Uint8Array = textFrame(READ_AHEAD);

export interface Options extends HarnessOptions {
  readonly websocket?: Partial<WebSocketSettings>;
}

export function harnessOf(app: App, options: Options = {}): Harness {
  return new Harness(app as never, {
    ...options,
    settings: {
      ...options.settings,
      websocket: { ...WEBSOCKET, ...options.websocket },
    },
  });
}

/** An application in the test's own hands. */
export class Puppet {
  readonly events: WebSocketReceiveEvent[] = [];
  scope: WebSocketScope | undefined;
  receive!: Receive;
  send!: Send;
  finish!: () => void;
  fail!: (error: Error) => void;
  isCalled = false;

  readonly app: App = async (scope, receive, send) => {
    this.isCalled = true;
    this.scope = scope;
    this.receive = receive;
    this.send = send;
    await new Promise<void>((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
  };

  /** Takes events until none is there any more; the last call goes on waiting. */
  listen(): void {
    void (async () => {
      for (;;) {
        const event = await this.receive() as WebSocketReceiveEvent;
        this.events.push(event);
        if (event.type === "websocket.disconnect") return;
      }
    })();
  }

  /** What was received, in short. */
  get heard(): string[] {
    return this.events.map((event) => {
      switch (event.type) {
        case "websocket.connect":
          return "connect";
        case "websocket.receive":
          return event.text ?? `bytes ${event.bytes}`;
        case "websocket.disconnect":
          return `disconnect ${event.code} ${event.reason}`.trimEnd();
      }
    });
  }
}

export interface Opened {
  readonly harness: Harness;
  readonly socket: FakeSocket;
  readonly puppet: Puppet;
}

/** A handshake that the application has not answered. */
export async function connecting(
  options: Options = {},
  request: string | Uint8Array = handshakeRequest("/chat?a=b"),
): Promise<Opened> {
  const puppet = new Puppet();
  const harness = harnessOf(puppet.app, options);
  const socket = harness.connect();
  socket.receive(request);
  await harness.turn();
  return { harness, socket, puppet };
}

/** An open WebSocket; what was written for the handshake is taken. */
export async function open(
  options: Options = {},
  fields: readonly string[] = [],
): Promise<Opened> {
  const opened = await connecting(options, handshakeRequest("/chat", fields));
  await opened.puppet.receive();
  await opened.puppet.send({ type: "websocket.accept" });
  await opened.harness.turn();
  assert.match(opened.socket.takeText(), /^HTTP\/1\.1 101 /);
  return opened;
}

/** Takes what was written, frame by frame. */
export const frames = (socket: FakeSocket): string[] =>
  describeFrames(socket.takeText());

/** Whether everything that belongs to a WebSocket is gone. */
export function assertGone({ harness }: Opened): void {
  assert.equal(harness.tracker.connections.size, 0);
  assert.equal(harness.tracker.detachedCalls.size, 0);
  assert.equal(harness.tracker.runningCalls, 0);
  assert.equal(harness.clock.isTicking, false);
}
