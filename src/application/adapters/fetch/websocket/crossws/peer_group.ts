/** The WebSockets of one namespace: who publishes reaches the others in it. */
import type { ChannelAdapter } from "../../../../../config/options/topics.ts";
import type { CrosswsPeer, CrosswsSendOptions } from "./crossws_types.ts";

/** What carries messages to other processes. */
export type Relay = (
  message: Parameters<ChannelAdapter["publish"]>[0],
) => void;

/** See above. */
export class PeerGroup {
  readonly namespace: string;
  readonly peers: Set<CrosswsPeer> = new Set();
  readonly #relay: Relay;

  constructor(namespace: string, relay: Relay) {
    this.namespace = namespace;
    this.#relay = relay;
  }

  /** Sends to all that have subscribed, here and in other processes. */
  publish(
    topic: string,
    data: string | Uint8Array,
    options: CrosswsSendOptions | undefined,
    from: CrosswsPeer,
  ): void {
    this.deliver(topic, data, options, from);
    this.#relay({ namespace: this.namespace, topic, data });
  }

  /** Sends to those that have subscribed here. */
  deliver(
    topic: string,
    data: string | Uint8Array,
    options?: CrosswsSendOptions,
    except?: CrosswsPeer,
  ): void {
    for (const peer of this.peers) {
      if (peer !== except && peer.topics.has(topic)) peer.send(data, options);
    }
  }
}
