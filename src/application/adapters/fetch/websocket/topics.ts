/** Publish and subscribe among the WebSockets of one application in this process. */

/** Who can be published to. */
export interface Subscriber {
  send(
    data: string | ArrayBufferLike | ArrayBufferView,
    compress?: boolean,
  ): number;
}

/** Topics, and their subscribers. */
export class Topics {
  readonly #subscribers = new Map<string, Set<Subscriber>>();

  subscribe(topic: string, subscriber: Subscriber): void {
    const all = this.#subscribers.get(topic);
    if (all === undefined) this.#subscribers.set(topic, new Set([subscriber]));
    else all.add(subscriber);
  }

  unsubscribe(topic: string, subscriber: Subscriber): void {
    const all = this.#subscribers.get(topic);
    all?.delete(subscriber);
    if (all?.size === 0) this.#subscribers.delete(topic);
  }

  isSubscribed(topic: string, subscriber: Subscriber): boolean {
    return this.#subscribers.get(topic)?.has(subscriber) ?? false;
  }

  /** How many subscribe to `topic`. */
  count(topic: string): number {
    return this.#subscribers.get(topic)?.size ?? 0;
  }

  /**
   * Sends to all subscribers but one.
   *
   * @returns The message's size in bytes; 0 if nobody got it.
   */
  publish(
    topic: string,
    data: string | ArrayBufferLike | ArrayBufferView,
    compress?: boolean,
    except?: Subscriber,
  ): number {
    let size = 0;
    for (const subscriber of this.#subscribers.get(topic) ?? []) {
      if (subscriber === except) continue;
      size = Math.max(size, Math.abs(subscriber.send(data, compress)));
    }
    return size;
  }
}
