/** What may be published and subscribed to. Apart from the rest, which is loaded on first use. */
import type { TopicMessage } from "../asgi.ts";
import { printable } from "../text/printable.ts";

/** Longest name of a topic, in characters. */
export const MAX_TOPIC = 256;
/** Largest message, in bytes; text counts its UTF-16 units. NATS takes 1 MiB with its envelope. */
export const MAX_MESSAGE: number = 512 * 1024;

/** @throws TypeError or RangeError for what is not the name of a topic. */
export function checkTopic(topic: unknown): asserts topic is string {
  if (typeof topic !== "string") {
    throw new TypeError(
      `Cannot use a topic of type "${typeof topic}": expected a string`,
    );
  }
  if (topic === "" || topic.length > MAX_TOPIC) {
    throw new RangeError(
      `Cannot use topic "${
        printable(topic.slice(0, 40))
      }" of ${topic.length} ` +
        `characters: expected 1 to ${MAX_TOPIC}`,
    );
  }
}

/**
 * The message as it is kept: octets are copied.
 *
 * @throws TypeError or RangeError for what cannot be published.
 */
export function keptMessage(topic: string, message: unknown): TopicMessage {
  if (typeof message !== "string" && !(message instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot publish to topic "${
        printable(topic)
      }": expected a string or a Uint8Array, ` +
        `got ${message === null ? "null" : `"${typeof message}"`}`,
    );
  }
  if (message.length > MAX_MESSAGE) {
    throw new RangeError(
      `Cannot publish to topic "${
        printable(topic)
      }": the message has ${message.length} bytes, ` +
        `expected at most ${MAX_MESSAGE}`,
    );
  }
  return typeof message === "string" ? message : message.slice();
}
