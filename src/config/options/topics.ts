/** How messages between subscribers reach other hosts. */
import type { OptionTable } from "./definition.ts";
import { quote, type Verdict } from "./value_types.ts";

/** One message on its way between hosts. */
export interface ChannelMessage {
  /** `"tricorn"` for ours; others are left alone. */
  readonly namespace: string;
  /** What it was published to. */
  readonly topic: string;
  /** Text, or octets. */
  readonly data: string | Uint8Array;
}

/** What a {@linkcode ChannelDriver} makes: the shape is that of a sync adapter of `crossws/sync`. */
export interface ChannelAdapter {
  /** Calls `deliver` with each message that another process has published, from now on. */
  subscribe(deliver: (message: ChannelMessage) => void): void | Promise<void>;
  /** Sends a message to the other processes. */
  publish(message: ChannelMessage): void | Promise<void>;
  /** Ends both. */
  close?(): void | Promise<void>;
}

/**
 * Connects to what carries messages between hosts. Drivers of `crossws/sync` are such functions.
 *
 * @param context `id` is that of this server: what was published with it is not delivered here.
 */
export type ChannelDriver = (
  context: { readonly id: string },
) => ChannelAdapter;

/** How messages between subscribers reach other hosts: checked and complete. */
export interface TopicOptions {
  /**
   * What carries the messages of `topics` between hosts: `redis://host:port`, `rediss://`,
   * `nats://host:port` or `tls://`, with `?channel=name` for another channel than `tricorn`; or, in
   * a program, a driver. Default: `undefined`, which keeps them on this host.
   */
  readonly channels: string | ChannelDriver | undefined;
}

/** See {@linkcode TopicOptions}. */
export const TOPIC_OPTIONS: OptionTable<TopicOptions> = {
  channels: {
    group: "Topics",
    flag: "--channels",
    type: {
      kind: "text",
      metavar: "URL",
      orProgram: {
        noun: "a URL or a driver function",
        accepts: (value) => typeof value === "function",
      },
    },
    default: undefined,
    isSecret: true,
    check: checkChannels,
    help:
      "Carry published messages between hosts over Redis or Valkey (redis://, rediss://) or NATS " +
      "(nats://, tls://), by the client package of the application.",
  },
};

const SCHEMES = /^(rediss?|nats|tls):$/;

function checkChannels(
  value: string | ChannelDriver,
): Verdict<string | ChannelDriver> {
  if (typeof value === "function") return { value };
  // The value may hold a password: no message shows more than its beginning.
  const url = URL.parse(value);
  const shown = quote(value.replace(/:.*/s, ":…"));
  if (url === null || !SCHEMES.test(url.protocol)) {
    return {
      problem:
        `${shown} is not a URL that begins with redis://, rediss://, nats:// or tls://.`,
    };
  }
  if (url.hostname === "") return { problem: `${shown} names no host.` };
  return { value };
}
