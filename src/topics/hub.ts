/** All subscribers of one process, and the ways by which messages reach those of others. */
import type { TopicMessage, TopicSubscription } from "../asgi.ts";
import type { Logger } from "../logging/logger.ts";
import { printable } from "../text/printable.ts";
import { Subscription, type SubscriptionOwner } from "./subscription.ts";

/** A way to other processes. */
export interface TopicCarrier {
  /** Sends a message that was published here. Never throws. */
  carry(topic: string, message: TopicMessage): void;
}

/** Subscribers by topic. */
export class TopicHub implements SubscriptionOwner {
  readonly #logger: Logger;
  readonly #topics = new Map<string, Set<Subscription>>();
  readonly #carriers: TopicCarrier[] = [];
  #isClosed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Takes what is published here to other processes too, from now on. */
  addCarrier(carrier: TopicCarrier): void {
    this.#carriers.push(carrier);
  }

  /** How many subscriptions are open. */
  get size(): number {
    let size = 0;
    for (const subscribers of this.#topics.values()) size += subscribers.size;
    return size;
  }

  /** Subscribes to `topic`, which is checked. On a hub that is closed, it has ended already. */
  subscribe(topic: string): TopicSubscription {
    const subscription = new Subscription(topic, this);
    if (this.#isClosed) {
      subscription.close();
      return subscription;
    }
    const subscribers = this.#topics.get(topic);
    if (subscribers === undefined) {
      this.#topics.set(topic, new Set([subscription]));
    } else subscribers.add(subscription);
    return subscription;
  }

  /** Publishes a message of this process, which is checked and will not change. */
  publish(topic: string, message: TopicMessage): void {
    if (this.#isClosed) return;
    this.deliver(topic, message);
    this.#carry(topic, message);
  }

  /** See {@linkcode SubscriptionOwner}. */
  publishFrom(subscription: Subscription, message: TopicMessage): void {
    if (this.#isClosed) return;
    const { topic } = subscription;
    this.#deliver(topic, message, subscription);
    this.#carry(topic, message);
  }

  /** Hands a message to the subscribers of this process alone. */
  deliver(topic: string, message: TopicMessage): void {
    this.#deliver(topic, message, undefined);
  }

  #deliver(
    topic: string,
    message: TopicMessage,
    except: Subscription | undefined,
  ): void {
    const subscribers = this.#topics.get(topic);
    if (subscribers === undefined) return;
    for (const subscriber of subscribers) {
      if (subscriber !== except) subscriber.deliver(message);
    }
  }

  #carry(topic: string, message: TopicMessage): void {
    for (const carrier of this.#carriers) carrier.carry(topic, message);
  }

  /** See {@linkcode SubscriptionOwner}. */
  onOverflow({ topic }: Subscription): void {
    this.#logger.warning(
      `A subscriber of topic "${
        printable(topic)
      }" does not keep up: its oldest messages are dropped`,
    );
  }

  /** See {@linkcode SubscriptionOwner}. */
  onClose(subscription: Subscription): void {
    const { topic, dropped } = subscription;
    const subscribers = this.#topics.get(topic);
    if (subscribers?.delete(subscription) && subscribers.size === 0) {
      this.#topics.delete(topic);
    }
    if (dropped > 0) {
      this.#logger.warning(
        `A subscriber of topic "${printable(topic)}" has lost ${dropped} ${
          dropped === 1 ? "message" : "messages"
        }`,
      );
    }
  }

  /** Ends all subscriptions. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const subscribers of [...this.#topics.values()]) {
      for (const subscriber of [...subscribers]) subscriber.close();
    }
  }
}
