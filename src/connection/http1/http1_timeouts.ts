/** How long an HTTP connection waits for its peer, and for what. */
import type { Socket } from "../../runtime/types.ts";
import { BodyPace } from "./body_pace.ts";
import type { Deadline } from "../tracking/deadlines.ts";
import type { ServerContext } from "../context.ts";
import { LINGER_MS, SendProgress } from "../output/send_progress.ts";

/** What the peer is waited for to do. */
export type TimeoutKind =
  /** Nothing: it is our turn. */
  | "nothing"
  /** To send the first byte of the first request. */
  | "firstByte"
  /** To send the rest of a head. */
  | "head"
  /** To send more of a body. */
  | "body"
  /** To send a body at the rate it should have. */
  | "bodyRate"
  /** Nothing: the application has to take what has arrived, and we do not read meanwhile. */
  | "reader"
  /** To send another request. */
  | "nextRequest"
  /** Draining: to send one more request, which may be on its way. */
  | "lastRequest"
  /** Draining: to send the rest of its head. */
  | "lastHead"
  /** Draining: to show, within a turn, that nothing is on its way. */
  | "silence"
  /** To still want its answer, although its FIN has come. */
  | "interest"
  /** To close. */
  | "close";

/**
 * How long after the peer's FIN an application that waits is left in the belief that somebody
 * listens. FIN means "closed" far more often than "half-closed", and looks the same.
 */
const HALF_CLOSED_MS = 5_000;

/** Idle time, in milliseconds, after which it is no longer likely that a request is on its way. */
const LONG_IDLE_MS = 1_000;

/** Who does something about a peer that is late. */
export interface Http1TimeoutsOwner {
  /** The time for `awaited` is over, and nothing is awaited any more. */
  onTimeout(awaited: TimeoutKind): void;
  /** See {@linkcode Deadline.onFailure}. */
  onFailure(thrown: unknown): void;
}

/** One connection's. Watched by the clock from the beginning until {@linkcode end}. */
export class Http1Timeouts implements Deadline {
  /** See {@linkcode Deadline}. */
  expiresAt: number = Infinity;
  /** See {@linkcode Deadline}. */
  listIndex = -1;
  readonly #context: ServerContext;
  readonly #owner: Http1TimeoutsOwner;
  #awaited: TimeoutKind = "nothing";
  /** When the connection became idle, or a head began to arrive; on the coarse clock. */
  #quietSince: number;
  #pace: BodyPace | undefined;
  /** Of what we sent last. */
  #progress: SendProgress | undefined;

  /** Waits for the first byte. */
  constructor(context: ServerContext, owner: Http1TimeoutsOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#quietSince = context.deadlines.now;
    context.deadlines.watch(this);
    this.#await("firstByte", context.settings.firstByteMs);
  }

  #await(awaited: TimeoutKind, ms: number): void {
    this.#awaited = awaited;
    this.expiresAt = this.#context.deadlines.in(ms);
  }

  /** See {@linkcode Deadline}. */
  onExpire(): void {
    const awaited = this.#awaited;
    this.#await("nothing", Infinity);
    if (awaited === "close") {
      // A peer that still takes our last answer gets the time for it.
      const ms = this.#progress!.grant();
      if (ms > 0) return this.#await("close", ms);
    }
    this.#owner.onTimeout(awaited);
  }

  /** See {@linkcode Deadline}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** What is awaited now is late at `expiresAt` if not before. */
  capDeadline(expiresAt: number): void {
    this.expiresAt = Math.min(this.expiresAt, expiresAt);
  }

  /** A head is whole: nothing is expected until it is known what follows. */
  onHead(): void {
    this.#pace = undefined;
    this.#await("nothing", Infinity);
  }

  /** A head has begun: its time runs from its first byte on. */
  awaitHead(): void {
    if (this.#awaited === "head" || this.#awaited === "lastHead") return;
    this.#quietSince = this.#context.deadlines.now;
    const { isDraining, lastCallMs } = this.#context.tracker;
    if (isDraining) this.#await("lastHead", lastCallMs);
    else this.#await("head", this.#context.settings.headMs);
  }

  /**
   * More of the body.
   *
   * @param bytes What has arrived of it.
   * @param length What was announced; -1 if that is not known.
   */
  awaitBody(bytes: number, length: number): void {
    const { settings: { bodyMs, minBodyRate }, deadlines } = this.#context;
    const paceMs = minBodyRate === 0
      ? Infinity
      : (this.#pace ??= new BodyPace(deadlines.now, length)).left(
        deadlines.now,
        bytes,
        minBodyRate,
      );
    if (paceMs < bodyMs) this.#await("bodyRate", paceMs);
    else this.#await("body", bodyMs);
  }

  /**
   * We do not read until the application has taken what arrived. That the peer does not send says
   * nothing, and that it has left cannot be seen.
   */
  awaitReader(): void {
    this.#pace?.pause(this.#context.deadlines.now);
    // A peer whose FIN has come is judged by that.
    if (this.#awaited === "interest" || this.#awaited === "reader") return;
    this.#await("reader", this.#context.settings.pauseMs);
  }

  /** We read again: what is awaited now has to be said anew. */
  resume(): void {
    this.#pace?.resume(this.#context.deadlines.now);
  }

  /** Nothing for now: a peer that waits for our 100 is not late, nor one with a whole request. */
  awaitNothing(): void {
    this.#await("nothing", Infinity);
  }

  /** The request is whole, and the peer has sent its FIN. */
  armHalfCloseTimeout(): void {
    this.#await("interest", HALF_CLOSED_MS);
  }

  /** The connection has become idle. */
  awaitNextRequest(): void {
    this.#quietSince = this.#context.deadlines.now;
    const { isDraining, lastCallMs } = this.#context.tracker;
    if (isDraining) this.#await("lastRequest", lastCallMs);
    else this.#await("nextRequest", this.#context.settings.keepAliveMs);
  }

  /**
   * Draining begins, and no request is in progress: of a connection that was just in use, one more
   * is expected.
   *
   * @returns Whether it is; if not, it has long been idle.
   */
  awaitLastRequest(hasHeadBegun: boolean): boolean {
    const quietMs = this.#context.deadlines.now - this.#quietSince;
    if (quietMs >= LONG_IDLE_MS) return false;
    this.#await(
      hasHeadBegun ? "lastHead" : "lastRequest",
      this.#context.tracker.lastCallMs,
    );
    return true;
  }

  /** Until something else is awaited, {@linkcode isSilent} is true. */
  awaitSilence(): void {
    this.#await("silence", Infinity);
  }

  /** Whether nothing has come since {@linkcode awaitSilence}. */
  get isSilent(): boolean {
    return this.#awaited === "silence";
  }

  /** We have ended `socket`: the peer has a moment to do so, too. */
  awaitClose(socket: Socket): void {
    this.#progress = new SendProgress(socket);
    this.#await("close", LINGER_MS);
  }

  /** The clock forgets it. */
  end(): void {
    this.#context.deadlines.unwatch(this);
  }
}
