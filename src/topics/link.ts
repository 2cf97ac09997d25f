/** Messages between the workers of one parent, over the channel that each has to it. */
import type { TopicMessage } from "../asgi.ts";
import { fromBase64, toBase64 } from "./envelope.ts";
import type { TopicCarrier } from "./hub.ts";

/** A message of a topic as plain JSON. The parent hands it on as it is, to all other workers. */
export interface TopicLinkMessage {
  readonly kind: "topic";
  readonly topic: string;
  /** Text, or octets in base64. */
  readonly data: string;
  readonly isBinary: boolean;
}

/** A worker's side of the link. */
export class TopicsLink implements TopicCarrier {
  /** The same for all workers of one parent, and no others. */
  readonly id: string;
  /** Called with each message that another worker has published. */
  onMessage: ((topic: string, message: TopicMessage) => void) | undefined;
  readonly #send: (message: TopicLinkMessage) => void;

  /** @param send Sends a message to the parent. Must not throw. */
  constructor(id: string, send: (message: TopicLinkMessage) => void) {
    this.id = id;
    this.#send = send;
  }

  /** See {@linkcode TopicCarrier}. */
  carry(topic: string, message: TopicMessage): void {
    const isBinary = typeof message !== "string";
    this.#send({
      kind: "topic",
      topic,
      data: isBinary ? toBase64(message) : message,
      isBinary,
    });
  }

  /** A message has come from the parent. */
  receive({ topic, data, isBinary }: TopicLinkMessage): void {
    this.onMessage?.(topic, isBinary ? fromBase64(data) : data);
  }
}
