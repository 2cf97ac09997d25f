/** The floor of Deno's sockets: a fixed answer for each read, nothing parsed. Argument: the port. */
import { FIXED_ANSWER } from "./fixed_answer.ts";

interface Connection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
  setNoDelay(): void;
}

declare const Deno: {
  readonly args: readonly string[];
  listen(
    options: { hostname: string; port: number },
  ): AsyncIterable<Connection>;
};

async function serve(connection: Connection): Promise<void> {
  connection.setNoDelay();
  const buffer = new Uint8Array(65_536);
  try {
    while (await connection.read(buffer) !== null) {
      await connection.write(FIXED_ANSWER);
    }
  } catch {
    // The load generator closes without ceremony.
  }
  connection.close();
}

const listener = Deno.listen({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
for await (const connection of listener) void serve(connection);
