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

/** Answers each read with what `answer` gives. */
export async function listenRaw(
  answer: () => Uint8Array | Promise<Uint8Array>,
): Promise<void> {
  const listener = Deno.listen({
    hostname: "127.0.0.1",
    port: Number(Deno.args[0]),
  });
  for await (const connection of listener) void serve(connection, answer);
}

async function serve(
  connection: Connection,
  answer: () => Uint8Array | Promise<Uint8Array>,
): Promise<void> {
  connection.setNoDelay();
  const buffer = new Uint8Array(65_536);
  try {
    while (await connection.read(buffer) !== null) {
      const bytes = answer();
      await connection.write(bytes instanceof Uint8Array ? bytes : await bytes);
    }
  } catch {
    // The load generator closes without ceremony.
  }
  connection.close();
}

if (import.meta.main) void listenRaw(() => FIXED_ANSWER);
