/** What carries messages between hosts: chosen by URL, or a driver of the program. */
import type { TopicMessage } from "../asgi.ts";
import type { ChannelDriver } from "../config/options/topics.ts";
import { ConfigError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import { printable } from "../text/printable.ts";
import type { TopicCarrier } from "./hub.ts";

/** Names our messages among those of other programs on a channel. */
const NAMESPACE = "tricorn";
/** Messages that are on their way to the channel at a time; further ones are dropped. */
const MAX_UNDER_WAY = 1000;

/** A way to other hosts. */
export interface Channel extends TopicCarrier {
  /** Never rejects. */
  close(): Promise<void>;
}

/** What a channel works for. */
export interface ChannelHost {
  /** Of this server: what comes back with it is not delivered. */
  readonly id: string;
  /** Folder whose packages are the application's. */
  readonly folder: string;
  readonly logger: Logger;
  /** Hands a message of another host to the subscribers of this process. */
  deliver(topic: string, message: TopicMessage): void;
}

/**
 * Opens the channel. One that is not reached yet is tried again and again.
 *
 * @throws ConfigError if the client package cannot be loaded, or a driver of the program fails.
 */
export async function openChannel(
  channels: string | ChannelDriver,
  host: ChannelHost,
): Promise<Channel> {
  const driver = typeof channels === "string"
    ? await driverFor(new URL(channels), host)
    : channels;
  const { logger } = host;
  let underWay = 0;
  let dropped = 0;
  const failed = (error: unknown) => {
    if (dropped++ > 0) return;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warning(
      `Messages to other hosts are dropped: ${printable(reason)}`,
    );
  };
  const succeeded = () => {
    if (dropped === 0) return;
    logger.warning(
      `${dropped} ${
        dropped === 1 ? "message" : "messages"
      } to other hosts could not be sent`,
    );
    dropped = 0;
  };
  try {
    const adapter = driver({ id: host.id });
    await adapter.subscribe(({ namespace, topic, data }) => {
      if (namespace === NAMESPACE) host.deliver(topic, data);
    });
    return {
      carry(topic, message) {
        if (underWay >= MAX_UNDER_WAY) {
          return failed(new Error("the channel does not keep up"));
        }
        underWay++;
        const sent = async () =>
          await adapter.publish({
            namespace: NAMESPACE,
            topic,
            data: message,
          });
        sent().then(succeeded, failed).then(() => underWay--);
      },
      async close() {
        try {
          await adapter.close?.();
        } catch (error) {
          logger.debug(`The channel was not closed in order: ${error}`);
        }
      },
    };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot use "channels": ${printable(reason)}`, 3, {
      cause,
    });
  }
}

async function driverFor(url: URL, host: ChannelHost): Promise<ChannelDriver> {
  const channel = url.searchParams.get("channel") || "tricorn";
  url.searchParams.delete("channel");
  const { reconnecting } = await import("./reconnecting.ts");
  const isRedis = url.protocol.startsWith("redis");
  const connect = isRedis
    ? await (await import("./redis.ts")).redisConnector(url, host.folder)
    : await (await import("./nats.ts")).natsConnector(url, host.folder);
  return reconnecting(
    (events) => connect(channel, events),
    { name: `${url.protocol}//${url.host}`, logger: host.logger },
  );
}
