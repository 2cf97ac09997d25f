/** One subscriber's messages: a bounded queue, and the iteration that takes them from it. */
import type { TopicMessage, TopicSubscription } from "../asgi.ts";
import { keptMessage } from "./check_message.ts";

/** Messages that wait for one subscriber. */
export const MAX_QUEUED = 1000;
/** Their size in bytes; text counts its UTF-16 units. One message may always wait. */
export const MAX_QUEUED_BYTES: number = 1024 * 1024;

/** The hub that a subscription belongs to. */
export interface SubscriptionOwner {
  /** @param message Is checked, and will not change. */
  publishFrom(subscription: Subscription, message: TopicMessage): void;
  /** It has begun to lose messages. */
  onOverflow(subscription: Subscription): void;
  onClose(subscription: Subscription): void;
}

/** See {@linkcode TopicSubscription}. */
export class Subscription implements TopicSubscription {
  readonly topic: string;
  readonly #owner: SubscriptionOwner;
  #queue: TopicMessage[] = [];
  /** Of the queue: those before it were taken. */
  #first = 0;
  #bytes = 0;
  #dropped = 0;
  #isClosed = false;
  /** Calls of `next()` that wait. */
  readonly #waiting:
    ((result: IteratorResult<TopicMessage, undefined>) => void)[] = [];

  constructor(topic: string, owner: SubscriptionOwner) {
    this.topic = topic;
    this.#owner = owner;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get #length(): number {
    return this.#queue.length - this.#first;
  }

  /** Hands a message to who waits, or queues it; the oldest go if there are too many. */
  deliver(message: TopicMessage): void {
    if (this.#isClosed) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: message });
      return;
    }
    this.#queue.push(message);
    this.#bytes += message.length;
    const hadDropped = this.#dropped > 0;
    while (
      this.#length > MAX_QUEUED ||
      (this.#bytes > MAX_QUEUED_BYTES && this.#length > 1)
    ) {
      this.#take();
      this.#dropped++;
    }
    if (!hadDropped && this.#dropped > 0) this.#owner.onOverflow(this);
  }

  publish(message: TopicMessage): void {
    this.#owner.publishFrom(this, keptMessage(this.topic, message));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#first = 0;
    this.#bytes = 0;
    for (const waiting of this.#waiting.splice(0)) {
      waiting({ done: true, value: undefined });
    }
    this.#owner.onClose(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** All iterations share the queue. Leaving one early closes the subscription. */
  [Symbol.asyncIterator](): AsyncIterator<TopicMessage, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<IteratorResult<TopicMessage, undefined>> {
    if (this.#length > 0) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (this.#isClosed) {
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Takes the oldest; the array moves only once half of it was taken. */
  #take(): TopicMessage {
    const message = this.#queue[this.#first]!;
    this.#queue[this.#first++] = "";
    this.#bytes -= message.length;
    if (this.#first * 2 >= this.#queue.length) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
    return message;
  }
}
