/**
 * `topics` of the scopes of one server. What does the work is loaded when somebody subscribes, or
 * publishes: most servers never do.
 */
import type { TopicMessage, Topics, TopicSubscription } from "../asgi.ts";
import type { ChannelDriver } from "../config/options/topics.ts";
import type { Logger } from "../logging/logger.ts";
import { checkTopic, keptMessage } from "../topics/check_message.ts";
import type { TopicHub } from "../topics/hub.ts";
import type { TopicsLink } from "../topics/link.ts";

/** What is there already when topics are used for the first time. */
interface Parts {
  readonly hub: TopicHub;
}

/** How messages reach other hosts. */
export interface ChannelOptions {
  readonly channels: string | ChannelDriver;
  /** Folder whose packages are the application's. */
  readonly folder: string;
}

/** One server's. */
export class ServerTopics {
  /** For scopes and programs. */
  readonly topics: Topics;
  readonly #logger: Logger;
  #loading: Promise<Parts> | undefined;
  /** Set once nothing is behind that was published while it was loaded. */
  #hub: TopicHub | undefined;
  #link: TopicsLink | undefined;
  #closeChannel: (() => Promise<void>) | undefined;
  #isClosed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
    this.topics = Object.freeze({
      publish: (topic: string, message: TopicMessage) =>
        this.#publish(topic, message),
      subscribe: (topic: string) => this.#subscribe(topic),
    });
  }

  /** Other workers of the same parent hear what is published here. To be called before any use. */
  attach(link: TopicsLink): void {
    this.#link = link;
  }

  /**
   * Other hosts hear it too. Does not wait until they can.
   *
   * @throws ConfigError if the client package cannot be loaded.
   */
  async openChannel({ channels, folder }: ChannelOptions): Promise<void> {
    const { hub } = await this.#load();
    const { openChannel } = await import("../topics/channel.ts");
    const channel = await openChannel(channels, {
      // Workers of one host share the id: they hear each other over their parent.
      id: this.#link?.id ?? crypto.randomUUID(),
      folder,
      logger: this.#logger,
      deliver: (topic, message) => hub.deliver(topic, message),
    });
    this.#closeChannel = () => channel.close();
    if (this.#isClosed) await channel.close();
    else hub.addCarrier(channel);
  }

  #publish(topic: string, message: TopicMessage): void {
    checkTopic(topic);
    const kept = keptMessage(topic, message);
    if (this.#hub !== undefined) this.#hub.publish(topic, kept);
    else void this.#load().then(({ hub }) => hub.publish(topic, kept));
  }

  async #subscribe(topic: string): Promise<TopicSubscription> {
    checkTopic(topic);
    const { hub } = await this.#load();
    return hub.subscribe(topic);
  }

  #load(): Promise<Parts> {
    return this.#loading ??= this.#open();
  }

  async #open(): Promise<Parts> {
    const { TopicHub } = await import("../topics/hub.ts");
    const hub = new TopicHub(this.#logger);
    if (this.#link !== undefined) {
      hub.addCarrier(this.#link);
      this.#link.onMessage = (topic, message) => hub.deliver(topic, message);
    }
    if (this.#isClosed) hub.close();
    // A step later than those who wait already: messages keep their order.
    void this.#loading!.then(() => {}).then(() => this.#hub = hub);
    return { hub };
  }

  /** Ends all subscriptions, and the connection to other hosts. Idempotent; never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#link !== undefined) this.#link.onMessage = undefined;
    if (this.#loading !== undefined) (await this.#loading).hub.close();
    await this.#closeChannel?.();
  }
}
