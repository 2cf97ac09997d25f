/**
 * A driver over a connection that may be lost: it is made anew, with growing pauses, and each loss and
 * return is a line in the log. The clients' own ways to reconnect differ in what they forget.
 */
import type {
  ChannelAdapter,
  ChannelDriver,
  ChannelMessage,
} from "../config/options/topics.ts";
import type { Logger } from "../logging/logger.ts";
import { printable } from "../text/printable.ts";
import { readEnvelope, writeEnvelope } from "./envelope.ts";

/** A connection that is subscribed to its channel. */
export interface Connection {
  /** Rejects if it could not be sent. */
  publish(text: string): Promise<unknown>;
  /** Closes it; `onLost` is not called any more. */
  close(): Promise<unknown>;
}

/** What a connection tells. */
export interface ConnectionEvents {
  onMessage(text: string): void;
  /** Once, when nothing comes any more. */
  onLost(reason: string): void;
}

/** Connects and subscribes; rejects if that fails, and leaves nothing behind then. */
export type Connect = (events: ConnectionEvents) => Promise<Connection>;

/** How to tell of it, and how to wait. */
export interface ReconnectingOptions {
  /** Names the other end in log lines. */
  readonly name: string;
  readonly logger: Logger;
  /** Waits, if nothing ends it. Default: a timer that does not keep the process alive alone. */
  readonly startTimer?: (ms: number, callback: () => void) => () => void;
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Pauses between tries, in milliseconds: doubled each time, shortened at random by up to a half. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** Makes the driver. */
export function reconnecting(
  connect: Connect,
  options: ReconnectingOptions,
): ChannelDriver {
  return ({ id }) => new ReconnectingAdapter(id, connect, options);
}

class ReconnectingAdapter implements ChannelAdapter {
  readonly #id: string;
  readonly #connect: Connect;
  readonly #options: Required<ReconnectingOptions>;
  #deliver: (message: ChannelMessage) => void = () => {};
  #connection: Connection | undefined;
  #tries = 0;
  /** Whether the log says that it is lost. */
  #isLost = false;
  #hasConnected = false;
  #isClosed = false;
  #stopTimer: (() => void) | undefined;

  constructor(id: string, connect: Connect, options: ReconnectingOptions) {
    this.#id = id;
    this.#connect = connect;
    this.#options = {
      startTimer: unrefedTimer,
      random: Math.random,
      ...options,
    };
  }

  /** Resolves after the first try, whatever came of it. */
  async subscribe(deliver: (message: ChannelMessage) => void): Promise<void> {
    this.#deliver = deliver;
    await this.#try();
  }

  async publish(message: ChannelMessage): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) {
      throw new Error(`${this.#options.name} is not connected`);
    }
    await connection.publish(writeEnvelope(this.#id, message));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer?.();
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  async #try(): Promise<void> {
    const { name, logger } = this.#options;
    let isCurrent = true;
    const lose = (reason: string) => {
      if (!isCurrent || this.#isClosed) return;
      isCurrent = false;
      const connection = this.#connection;
      this.#connection = undefined;
      connection?.close().catch(() => {});
      this.#onLost(reason);
    };
    try {
      const connection = await this.#connect({
        onMessage: (text) => this.#onMessage(text),
        onLost: lose,
      });
      if (this.#isClosed || !isCurrent) {
        await connection.close().catch(() => {});
        return;
      }
      this.#connection = connection;
      logger.info(
        this.#hasConnected
          ? `Connected to ${name} again`
          : `Topics reach other hosts over ${name}`,
      );
      this.#hasConnected = true;
      this.#isLost = false;
      this.#tries = 0;
    } catch (error) {
      lose(error instanceof Error ? error.message : String(error));
    }
  }

  #onLost(reason: string): void {
    const { name, logger, startTimer, random } = this.#options;
    if (!this.#isLost) {
      this.#isLost = true;
      const text = printable(reason.split("\n")[0] || "it was closed");
      logger.warning(
        `Topics do not reach other hosts: ${name}: ${text}. Trying again.`,
      );
    }
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#tries, MAX_PAUSE_MS);
    this.#tries = Math.min(this.#tries + 1, 20);
    this.#stopTimer = startTimer(
      longest * (1 - random() / 2),
      () => void this.#try(),
    );
  }

  #onMessage(text: string): void {
    const envelope = readEnvelope(text);
    if (envelope === undefined || envelope.id === this.#id) return;
    this.#deliver(envelope.message);
  }
}

function unrefedTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer);
}
