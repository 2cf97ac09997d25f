/**
 * The lifespan of an adapted application (ASGI Lifespan): its interface has no protocol for it, so
 * that hooks of the adapter run in its place.
 */
import type { LifespanScope, Receive, Send } from "../../asgi.ts";
import type { Logger } from "../../logging/logger.ts";

/** Hooks of startup and shutdown, and the work that shutdown waits for. */
export class AdaptedLifespan {
  readonly #logger: Logger;
  readonly #startHooks: ((scope: LifespanScope) => unknown)[] = [];
  readonly #stopHooks: (() => unknown)[] = [];
  readonly #work = new Set<PromiseLike<unknown>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a hook of startup: in the order of registration. */
  onStart(hook: (scope: LifespanScope) => unknown): void {
    this.#startHooks.push(hook);
  }

  /** Adds a hook of shutdown: the last one runs first. */
  onStop(hook: () => unknown): void {
    this.#stopHooks.push(hook);
  }

  /** Lets shutdown wait for `promise`; its rejection is logged. */
  waitUntil(promise: PromiseLike<unknown>): void {
    this.#work.add(promise);
    const letGo = () => void this.#work.delete(promise);
    promise.then(letGo, (error: unknown) => {
      letGo();
      this.#logger.error("Exception in work that shutdown waits for", {
        error,
      });
    });
  }

  /** Answers the lifespan scope. What a hook throws fails the phase. */
  async run(
    scope: LifespanScope,
    receive: Receive,
    send: Send,
  ): Promise<void> {
    await receive(); // lifespan.startup
    for (const hook of this.#startHooks) await hook(scope);
    await send({ type: "lifespan.startup.complete" });
    await receive(); // lifespan.shutdown
    await this.#stop();
    await send({ type: "lifespan.shutdown.complete" });
  }

  async #stop(): Promise<void> {
    const errors: unknown[] = [];
    for (const hook of this.#stopHooks.toReversed()) {
      try {
        await hook();
      } catch (error) {
        errors.push(error);
      }
    }
    // Work may begin other work.
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) {
      throw new AggregateError(errors, "Several steps of the shutdown failed");
    }
  }
}
