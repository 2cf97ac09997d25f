/**
 * What leaves a connection, and when: once a turn, and not faster than its peer reads. The same
 * for requests and WebSockets.
 *
 * A sender waits at one of two gates, and each has one thing that opens it. The turn's gate is
 * opened by the end of the turn, which always comes. The drain gate is opened when the socket has
 * sent all it holds, so a sender waits there only while the socket holds something; behind it
 * stands the time limit for peers that do not read.
 */
import type { Socket, TurnListener } from "../../runtime/types.ts";
import {
  RESOLVED,
  WRITE_HIGH_WATER,
  WriteGate,
  WRITES_PER_TURN,
} from "./write_gate.ts";
import type { Deadlines } from "../tracking/deadlines.ts";
import {
  type BlockedListener,
  OutputBuffer,
  type WriterPool,
} from "./output_buffer.ts";
import { WriteStall } from "./write_stall.ts";

/** What a send counts for at least, so that endless empty ones end a turn as well. */
const MIN_WRITE_COST = 64;

/** The connection whose bytes these are. */
export interface WriteFlowOwner {
  /** The turn is over: the last moment to complete what is about to leave. */
  beforeTurnEnd(): void;
  /** What was written has been handed over: there may be room again. */
  afterTurnEnd(): void;
  /** The peer has taken nothing of what waits for it, for too long. */
  onWriteStall(): void;
  /** Something of ours threw at the end of a turn or on the clock: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** The parts that all connections share. */
export interface WriteFlowShared {
  /** See `Runtime.atTurnEnd`. */
  readonly atTurnEnd: (listener: TurnListener) => void;
  readonly writers: WriterPool;
  readonly deadlines: Deadlines;
  readonly settings: { readonly stallMs: number };
}

/** One connection's bytes on their way out. */
export class WriteFlow implements TurnListener, BlockedListener {
  /** Where bytes are written. Flushed by {@linkcode flush} and at the end of each turn. */
  readonly out: OutputBuffer;
  readonly #owner: WriteFlowOwner;
  readonly #shared: WriteFlowShared;
  #stall: WriteStall | undefined;
  /** Senders that wait for the peer to read. */
  #drainGate: WriteGate | undefined;
  /** Senders that wait for the end of this turn. */
  #turnGate: WriteGate | undefined;
  /** Written in this turn; -1 if its end is not waited for. */
  #turnBytes = -1;
  #isClosed = false;

  constructor(socket: Socket, shared: WriteFlowShared, owner: WriteFlowOwner) {
    this.out = new OutputBuffer(socket, shared.writers, this);
    this.#shared = shared;
    this.#owner = owner;
  }

  /** Whether so much is unsent that nothing should be added. */
  get isFull(): boolean {
    return this.out.unsentBytes >= WRITE_HIGH_WATER;
  }

  /** Sees to it that what was written leaves with this turn. */
  scheduleFlush(): void {
    if (this.#turnBytes >= 0) return;
    this.#turnBytes = 0;
    this.#shared.atTurnEnd(this);
  }

  /** Sends what was written now, but for a head that can still be taken back. */
  flush(): void {
    if (!this.out.isHeld) this.out.flush();
  }

  /** Sends all that was written now: the connection ends, or changes hands. */
  flushAll(): void {
    this.out.flush();
  }

  /** Bytes handed to the socket that the kernel has not taken. */
  get queuedBytes(): number {
    return this.out.queuedBytes;
  }

  /**
   * To be returned by a `send` that wrote `bytes`: resolves when more may be written, which is at
   * once unless the peer reads too slowly or this turn has lasted long enough.
   */
  afterWrite(bytes: number): Promise<void> {
    if (this.#isClosed) return RESOLVED;
    this.scheduleFlush();
    this.#turnBytes += Math.max(bytes, MIN_WRITE_COST);
    if (this.isFull) {
      this.flush();
      // An open head that is all there is leaves with its body, or with the turn: to wait here
      // would only part the two.
      if (this.isFull && this.out.queuedBytes > 0) return this.#whenDrained();
    }
    return this.#turnBytes >= WRITES_PER_TURN ? this.#whenTurnEnds() : RESOLVED;
  }

  /** Resolves when the peer has taken most of what was written. */
  whenRead(): Promise<void> {
    if (!this.isFull || this.#isClosed) return RESOLVED;
    return this.out.queuedBytes > 0
      ? this.#whenDrained()
      : this.#whenTurnEnds();
  }

  /** To be called while the socket holds something, and will say when it does not. */
  #whenDrained(): Promise<void> {
    return (this.#drainGate ??= new WriteGate()).wait();
  }

  #whenTurnEnds(): Promise<void> {
    this.scheduleFlush();
    return (this.#turnGate ??= new WriteGate()).wait();
  }

  /** The socket holds nothing any more. */
  onDrain(): void {
    this.out.onDrain();
    this.#stall?.stop();
    this.#drainGate?.open();
  }

  onBlocked(): void {
    if (this.#isClosed) return;
    const { deadlines, settings } = this.#shared;
    this.#stall ??= new WriteStall(
      this.out,
      deadlines,
      settings.stallMs,
      this.#owner,
    );
    this.#stall.start();
  }

  /** See {@linkcode TurnListener}. */
  onTurnEnd(): void {
    this.#turnBytes = -1;
    if (this.#isClosed) return;
    this.#owner.beforeTurnEnd();
    this.flush();
    this.#turnGate?.open();
    this.#owner.afterTurnEnd();
  }

  /** See {@linkcode TurnListener}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** Fails who waits for the peer to read: it is gone, or going. */
  reject(gone: Error): void {
    this.#drainGate?.fail(gone);
  }

  /**
   * Nothing leaves any more: what was not handed over is dropped, and no sender keeps waiting.
   *
   * @param gone What those who wait for the peer are rejected with; `undefined` lets them go on.
   */
  close(gone: Error | undefined): void {
    this.#isClosed = true;
    this.#stall?.close();
    this.out.discard();
    this.#turnGate?.open();
    if (gone === undefined) this.#drainGate?.open();
    else this.#drainGate?.fail(gone);
  }
}
