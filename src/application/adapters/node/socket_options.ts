/** What applications set on a socket and the server does by its own options. */
import type { EventEmitter } from "node:events";

/** Members of a socket that change nothing here. */
export interface SocketOptions {
  /** What was set by `setTimeout`, in milliseconds, which times nothing here. */
  timeout: number | undefined;
  setTimeout(ms: number, callback?: () => void): this;
  setNoDelay(): this;
  setKeepAlive(): this;
  ref(): this;
  unref(): this;
}

/** The class `Base` with the members of {@linkcode SocketOptions}. */
export function withSocketOptions<A extends unknown[], E extends EventEmitter>(
  Base: new (...args: A) => E,
): new (...args: A) => E & SocketOptions {
  const Emitter = Base as unknown as new (...args: unknown[]) => EventEmitter;
  class OptionedSocket extends Emitter implements SocketOptions {
    timeout: number | undefined = undefined;

    setTimeout(ms: number, callback?: () => void): this {
      this.timeout = ms;
      if (callback !== undefined) this.once("timeout", callback);
      return this;
    }

    setNoDelay(): this {
      return this;
    }

    setKeepAlive(): this {
      return this;
    }

    ref(): this {
      return this;
    }

    unref(): this {
      return this;
    }
  }
  return OptionedSocket as unknown as new (...args: A) => E & SocketOptions;
}
