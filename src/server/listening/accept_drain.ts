/**
 * The end of accepting. The kernel accepts connections before we do, and resets those that wait
 * when their listener is closed: whoever waits has connected, and has probably asked already. So
 * listeners are closed in a lull, right after a turn in which nobody came.
 */
import {
  type Indexed,
  IndexedList,
} from "../../connection/tracking/indexed_list.ts";
import type {
  ListenOptions,
  PendingHandshake,
  Socket,
  SocketHandler,
} from "../../runtime/types.ts";

/** Time without a new connection that makes a lull, in milliseconds. */
const QUIET_PERIOD_MS = 5;
/** How long such a lull is looked for, in milliseconds. */
const QUIET_SEARCH_MS = 50;
/** Turns of the event loop without a new connection that have to do after that. */
const LULL_TURNS = 3;
/** A turn that nobody can have used to come unseen, in milliseconds. */
const SHORT_TURN_MS = 0.5;
/** When the listener is closed in any case, in milliseconds: whoever waits then is reset. */
const LIMIT_MS = 100;

/** What the end of accepting needs of the place it runs in. */
export interface LullClock {
  /** Calls back when the current turn of the event loop is over. */
  afterTurn(callback: () => void): void;
  /** Milliseconds on a clock that never goes back. */
  monotonicMs(): number;
}

/** A TLS handshake that has not ended. */
interface Handshake extends Indexed {
  readonly pending: PendingHandshake;
}

/** Counts what is accepted, and finds the moment to stop. */
export class AcceptDrain {
  readonly #clock: LullClock;
  #accepted = 0;
  /** What came since a lull is looked for. */
  #held: Socket[] | undefined;
  readonly #handshakes = new IndexedList<Handshake>();

  constructor(clock: LullClock) {
    this.#clock = clock;
  }

  /** `accept` for a listener that is going to be closed in a lull. */
  watch(
    accept: (socket: Socket) => SocketHandler,
  ): (socket: Socket) => SocketHandler {
    return (socket) => {
      this.#accepted++;
      const handler = accept(socket);
      if (this.#held !== undefined) {
        // Who connects for each request comes back as soon as it is answered: answers wait for the
        // lull, or there would be none.
        socket.pause();
        this.#held.push(socket);
      }
      return handler;
    };
  }

  /**
   * `beforeHandshake` for the same listener: who is in a TLS handshake has come too, and sends a
   * request together with its last message.
   *
   * @param onSettled Called when one has ended and its connection, if there is one, is accepted.
   */
  watchHandshakes(
    beforeHandshake: ListenOptions["beforeHandshake"],
    onSettled: () => void,
  ): NonNullable<ListenOptions["beforeHandshake"]> {
    return (pending) => {
      this.#accepted++;
      const settled = beforeHandshake === undefined
        ? () => {}
        : beforeHandshake(pending);
      if (settled === undefined) return undefined;
      const handshake: Handshake = { pending, listIndex: -1 };
      this.#handshakes.add(handshake);
      return (isComplete) => {
        settled(isComplete);
        this.#handshakes.delete(handshake);
        // The connection is accepted right after this.
        this.#clock.afterTurn(onSettled);
      };
    };
  }

  /** TLS handshakes that have not ended. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** Ends all TLS handshakes. */
  dropHandshakes(): void {
    for (const { pending } of this.#handshakes) pending.destroy();
  }

  /**
   * Calls `close` in a lull, or when time is up.
   *
   * @param close Resolves when nobody can connect any more.
   * @param then Called after that and before what came meanwhile is read.
   */
  async end(close: () => Promise<void>, then: () => void): Promise<void> {
    const held: Socket[] = this.#held = [];
    await this.#lull();
    // On Deno 2.9 the descriptor lives a little longer than the call.
    await close();
    then();
    this.#held = undefined;
    for (const socket of held) socket.resume();
  }

  #lull(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const clock = this.#clock;
    const begunAt = clock.monotonicMs();
    let accepted = this.#accepted;
    let lookedAt = begunAt;
    let quietMs = 0;
    let quietTurns = 0;
    const look = (): void => {
      const now = clock.monotonicMs();
      const turnMs = now - lookedAt;
      lookedAt = now;
      if (this.#accepted === accepted) {
        // In a long turn many may have come that the next one will show.
        quietMs += Math.min(turnMs, SHORT_TURN_MS);
        quietTurns++;
      } else {
        accepted = this.#accepted;
        quietMs = quietTurns = 0;
      }
      const isLull = turnMs <= SHORT_TURN_MS && quietTurns >= LULL_TURNS &&
        (quietMs >= QUIET_PERIOD_MS || now - begunAt >= QUIET_SEARCH_MS);
      // The listener is to be closed in this very turn: resolving is a microtask away.
      if (isLull || now - begunAt >= LIMIT_MS) resolve();
      else clock.afterTurn(look);
    };
    clock.afterTurn(look);
    return promise;
  }
}
