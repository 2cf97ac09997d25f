/** Publish and subscribe over NATS, by the application's package `@nats-io/transport-node`. */
import { ConfigError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import type { Connector } from "./redis.ts";

/** For a connection to be made, in milliseconds. */
const CONNECT_MS = 5_000;
const PACKAGE = "@nats-io/transport-node";

/** What we use of the package, version 3. */
interface Nats {
  connect(options: object): Promise<NatsConnection>;
}
interface NatsConnection {
  publish(subject: string, text: string): void;
  subscribe(subject: string, options: {
    callback: (error: Error | null, message: { string(): string }) => void;
  }): unknown;
  flush(): Promise<void>;
  close(): Promise<void>;
  closed(): Promise<void | Error>;
}

/**
 * Finds the client.
 *
 * @param url Without our own parameters; may hold name and password.
 * @param folder Folder whose packages are the application's.
 * @throws ConfigError in one line that says how to install it.
 */
export async function natsConnector(
  url: URL,
  folder: string,
): Promise<Connector> {
  const nats = await runtime.loadPackage(PACKAGE, folder) as unknown as
    | Nats
    | undefined;
  if (nats === undefined) {
    throw new ConfigError(
      `Cannot use --channels nats://…: install the client with "npm install ${PACKAGE}"`,
      3,
    );
  }
  const options = {
    servers: `${url.protocol}//${url.host}`,
    ...url.protocol === "tls:" ? { tls: {} } : {},
    ...credentials(url),
    reconnect: false,
    timeout: CONNECT_MS,
    name: "tricorn",
  };
  return async (channel, events) => {
    const connection = await nats.connect(options);
    let isClosed = false;
    connection.closed().then((error) => {
      if (!isClosed) events.onLost(error ? error.message : "");
    });
    connection.subscribe(channel, {
      callback: (error, message) => {
        if (error === null) events.onMessage(message.string());
      },
    });
    await connection.flush();
    return {
      async publish(text) {
        connection.publish(channel, text);
        await connection.flush();
      },
      close() {
        isClosed = true;
        return connection.close();
      },
    };
  };
}

/** A name alone is a token. */
function credentials({ username, password }: URL): object {
  const user = decodeURIComponent(username);
  if (user === "") return {};
  return password === ""
    ? { token: user }
    : { user, pass: decodeURIComponent(password) };
}
