/**
 * Publish and subscribe over Redis or Valkey, by the client that the application has: Bun's own, the
 * package `redis`, or `ioredis`. A subscribed connection of Redis cannot publish, so each has two.
 */
import { ConfigError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import type { Connection, ConnectionEvents } from "./reconnecting.ts";

/** Connects to a channel of one server. */
export type Connector = (
  channel: string,
  events: ConnectionEvents,
) => Promise<Connection>;

/** For a connection to be made, in milliseconds. */
const CONNECT_MS = 5_000;

/**
 * Finds a client.
 *
 * @param url Without our own parameters; may hold name and password.
 * @param folder Folder whose packages are the application's.
 * @throws ConfigError in one line that says how to install one.
 */
export async function redisConnector(
  url: URL,
  folder: string,
): Promise<Connector> {
  const own = runtime.redisClient;
  if (own !== undefined) return bunConnector(own as BunRedisClass, url.href);
  const redis = await runtime.loadPackage("redis", folder);
  if (redis !== undefined) {
    return nodeRedisConnector(redis as unknown as NodeRedis, url.href);
  }
  const ioredis = await runtime.loadPackage("ioredis", folder);
  if (ioredis !== undefined) {
    return ioredisConnector(ioredis as unknown as Ioredis, url.href);
  }
  throw new ConfigError(
    'Cannot use --channels redis://…: install a client with "npm install redis", or ioredis',
    3,
  );
}

/** What we use of Bun's client. */
interface BunRedis {
  onclose: ((error: Error) => void) | null;
  connect(): Promise<unknown>;
  subscribe(
    channel: string,
    onMessage: (text: string) => void,
  ): Promise<unknown>;
  publish(channel: string, text: string): Promise<unknown>;
  close(): void;
}
type BunRedisClass = new (url: string, options: object) => BunRedis;

function bunConnector(Client: BunRedisClass, url: string): Connector {
  const options = {
    autoReconnect: false,
    enableOfflineQueue: false,
    connectionTimeout: CONNECT_MS,
  };
  return (channel, events) =>
    pair(() => new Client(url, options), {
      async open(client, onLost) {
        client.onclose = (error) => onLost(error?.message ?? "");
        await client.connect();
      },
      subscribe: (client) => client.subscribe(channel, events.onMessage),
      publish: (client, text) => client.publish(channel, text),
      close(client) {
        client.onclose = null;
        client.close();
      },
    }, events);
}

/** What we use of the package `redis`, versions 4 to 6. */
interface NodeRedis {
  createClient(options: object): NodeRedisClient;
}
interface NodeRedisClient {
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(
    channel: string,
    onMessage: (text: string) => void,
  ): Promise<unknown>;
  publish(channel: string, text: string): Promise<unknown>;
  /** Since version 5. */
  destroy?(): void;
  /** Before. */
  disconnect?(): Promise<unknown>;
}

function nodeRedisConnector(redis: NodeRedis, url: string): Connector {
  const options = {
    url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
  };
  return (channel, events) =>
    pair(() => redis.createClient(options), {
      async open(client, onLost) {
        // Without a listener an error would be thrown.
        client.on("error", (error) => onLost(error?.message ?? ""));
        client.on("end", () => onLost(""));
        await client.connect();
      },
      subscribe: (client) => client.subscribe(channel, events.onMessage),
      publish: (client, text) => client.publish(channel, text),
      close: (client) =>
        client.destroy === undefined ? client.disconnect?.() : client.destroy(),
    }, events);
}

/** What we use of the package `ioredis`, versions 5 and 6. */
interface Ioredis {
  readonly default?: IoredisClass;
  readonly Redis?: IoredisClass;
}
type IoredisClass = new (url: string, options: object) => IoredisClient;
interface IoredisClient {
  on(
    event: "error" | "end" | "message",
    listener: (first: never, second: never) => void,
  ): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  publish(channel: string, text: string): Promise<unknown>;
  disconnect(): void;
}

function ioredisConnector(ioredis: Ioredis, url: string): Connector {
  const Client = (ioredis.Redis ?? ioredis.default)!;
  const options = {
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
  };
  return (channel, events) =>
    pair(() => new Client(url, options), {
      async open(client, onLost) {
        client.on("error", (error: Error) => onLost(error.message));
        client.on("end", () => onLost(""));
        client.on("message", (_channel: string, text: string) => {
          events.onMessage(text);
        });
        await client.connect();
      },
      subscribe: (client) => client.subscribe(channel),
      publish: (client, text) => client.publish(channel, text),
      close: (client) => client.disconnect(),
    }, events);
}

/** How a client is used. */
interface Use<C> {
  /** Connects; `onLost` is called when it is closed, perhaps more than once. */
  open(client: C, onLost: (reason: string) => void): Promise<void>;
  subscribe(client: C): Promise<unknown>;
  publish(client: C, text: string): Promise<unknown>;
  close(client: C): unknown;
}

/** Opens one connection to listen and one to speak; the loss of either is that of both. */
async function pair<C>(
  make: () => C,
  use: Use<C>,
  events: ConnectionEvents,
): Promise<Connection> {
  const clients: C[] = [];
  let isClosed = false;
  const close = async () => {
    isClosed = true;
    for (const client of clients.splice(0)) {
      try {
        await use.close(client);
      } catch {
        // It is closed already.
      }
    }
  };
  const onLost = (reason: string) => {
    if (!isClosed) events.onLost(reason);
  };
  const opened = async () => {
    const client = make();
    clients.push(client);
    await use.open(client, onLost);
    return client;
  };
  try {
    const listener = await opened();
    await use.subscribe(listener);
    const speaker = await opened();
    return { publish: (text) => use.publish(speaker, text), close };
  } catch (error) {
    await close();
    throw error;
  }
}
