/** How long an open WebSocket waits for its peer, and the pings that show whether it is still there. */
import type { Socket } from "../../runtime/types.ts";
import type { Deadline } from "../tracking/deadlines.ts";
import type { ServerContext, WebSocketSettings } from "../context.ts";
import { SendProgress } from "../output/send_progress.ts";

/** What is waited for. */
type TimeoutKind =
  /** Nothing that has a time. */
  | "nothing"
  /** The time of the next ping. */
  | "nextPing"
  /** The answer to the last one. */
  | "pong"
  /** The peer's close frame, or its end of the socket. */
  | "close";

/** The WebSocket that sends the pings and acts on what is late. */
export interface WebSocketTimeoutsOwner {
  /** Whether so much is unsent that a ping could not leave. */
  readonly isFull: boolean;
  /** Whether nothing is read, so that a pong would not be seen. */
  readonly isPaused: boolean;
  /**
   * Bytes of messages that have arrived so far, whole or not, and those of which it is not known
   * because they wait for the application.
   */
  readonly heardBytes: number;
  /** Sends a ping at once. */
  sendPing(payload: Uint8Array): void;
  /** The peer does not answer pings. */
  onPongLate(): void;
  /** The peer does not end what we have ended. */
  onCloseLate(): void;
  /** See {@linkcode Deadline.onFailure}. */
  onFailure(thrown: unknown): void;
}

/** One WebSocket's. Watched by the clock from the beginning until {@linkcode end}. */
export class WebSocketTimeouts implements Deadline {
  /** See {@linkcode Deadline}. */
  expiresAt: number = Infinity;
  /** See {@linkcode Deadline}. */
  listIndex = -1;
  readonly #context: ServerContext;
  readonly #settings: WebSocketSettings;
  readonly #owner: WebSocketTimeoutsOwner;
  readonly #progress: SendProgress;
  #awaited: TimeoutKind = "nothing";
  /** What the awaited pong must hold. */
  #payload: Uint8Array | undefined;
  #pingDueAt = Infinity;
  /** `heardBytes` when the awaited pong was last waited for anew. */
  #heardBytes = 0;

  /** The handshake is answered: from now on the peer is pinged. */
  constructor(
    socket: Socket,
    context: ServerContext,
    settings: WebSocketSettings,
    owner: WebSocketTimeoutsOwner,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#owner = owner;
    this.#progress = new SendProgress(socket);
    context.deadlines.watch(this);
    this.#await("nextPing", settings.pingIntervalMs);
    this.#pingDueAt = this.expiresAt;
  }

  #await(awaited: TimeoutKind, ms: number): void {
    this.#awaited = awaited;
    this.expiresAt = this.#context.deadlines.in(ms);
  }

  /** See {@linkcode Deadline}. */
  onExpire(): void {
    this.expiresAt = Infinity;
    switch (this.#awaited) {
      case "nextPing":
        this.#ping();
        break;
      case "pong":
        this.#onPongMissing();
        break;
      case "close":
        if (!this.#isStillSending()) this.#owner.onCloseLate();
        break;
      case "nothing":
        break;
    }
  }

  /** See {@linkcode Deadline}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  #ping(): void {
    const payload = new Uint8Array(4);
    for (let i = 0; i < 4; i++) payload[i] = Math.random() * 256;
    this.#payload = payload;
    this.#heardBytes = this.#owner.heardBytes;
    this.#owner.sendPing(payload);
    this.#awaitPong();
  }

  #awaitPong(): void {
    const { pingIntervalMs, pingTimeoutMs } = this.#settings;
    // Without a time limit the pings go on all the same: they keep paths open.
    this.#await(
      "pong",
      pingTimeoutMs === Infinity ? pingIntervalMs : pingTimeoutMs,
    );
  }

  #onPongMissing(): void {
    const owner = this.#owner;
    // A pong queues behind what its peer sends, and inside a frame none can be sent (RFC 6455
    // §5.4); or it lies behind messages that wait for the application.
    const mayComeLate = this.#settings.pingTimeoutMs === Infinity ||
      owner.isPaused || owner.heardBytes !== this.#heardBytes;
    if (mayComeLate) {
      // Another ping keeps the path open, and shows by a reset that the peer has left.
      if (!owner.isFull) return this.#ping();
      this.#heardBytes = owner.heardBytes;
      this.#awaitPong();
    } else if (!this.#isStillSending()) {
      owner.onPongLate();
    }
  }

  /**
   * Whether the peer still takes what was sent before it could see our ping or our close frame; if
   * so, it gets more time.
   */
  #isStillSending(): boolean {
    const ms = this.#progress.grant();
    if (ms === 0) return false;
    this.#await(this.#awaited, ms);
    return true;
  }

  /** A pong has come, which may be the awaited one. */
  onPong(payload: Uint8Array): void {
    const sent = this.#payload;
    // An unsolicited pong, or one with other bytes, is no answer (RFC 6455 §5.5.3).
    if (
      sent === undefined || payload.length !== 4 ||
      !payload.every((b, i) => b === sent[i])
    ) return;
    this.#payload = undefined;
    const interval = this.#settings.pingIntervalMs;
    // The rhythm is kept from ping to ping, not from pong to ping.
    this.#pingDueAt = Math.max(
      this.#pingDueAt + interval,
      this.#context.deadlines.now,
    );
    this.#awaited = "nextPing";
    this.expiresAt = this.#pingDueAt;
  }

  /** The application reads on: the pong may lie among what was not read, and its time begins anew. */
  resume(): void {
    if (this.#awaited === "pong") this.#awaitPong();
  }

  /** We have closed: the peer has this long, in milliseconds, to do so, too. */
  awaitClose(ms: number): void {
    this.#payload = undefined;
    this.#await("close", ms);
  }

  /** Nothing is late any more. */
  awaitNothing(): void {
    this.#payload = undefined;
    this.#await("nothing", Infinity);
  }

  /** The clock forgets it. */
  end(): void {
    this.#context.deadlines.unwatch(this);
  }
}
