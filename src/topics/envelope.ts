/**
 * A message as text, for channels that carry text: JSON with the id of its sender, octets in base64.
 * The same as that of `crossws/sync`, so that both can share a channel.
 */
import type { ChannelMessage } from "../config/options/topics.ts";

/** A message and who has sent it. */
export interface Envelope {
  readonly id: string;
  readonly message: ChannelMessage;
}

/** Writes a message of the sender `id`. */
export function writeEnvelope(id: string, message: ChannelMessage): string {
  const { namespace, topic, data } = message;
  const binary = typeof data !== "string";
  return JSON.stringify({
    id,
    msg: {
      namespace,
      topic,
      binary,
      data: binary ? toBase64(data) : data,
    },
  });
}

/** Reads one; `undefined` for what is none: others may use the same channel. */
export function readEnvelope(text: string): Envelope | undefined {
  try {
    const { id, msg } = JSON.parse(text);
    const { namespace, topic, binary, data } = msg;
    const isWhole = [id, namespace, topic, data].every((part) =>
      typeof part === "string"
    );
    if (!isWhole) return undefined;
    return {
      id,
      message: { namespace, topic, data: binary ? fromBase64(data) : data },
    };
  } catch {
    return undefined;
  }
}

/** At most so many arguments are given to a function at a time. */
const PIECE = 8192;

/** Octets as base64 (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}

/** Throws for what is not base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
