/** The floor of Bun's sockets: a fixed answer for each read, nothing parsed. Argument: the port. */
import { FIXED_ANSWER } from "./fixed_answer.ts";

interface Connection {
  write(bytes: Uint8Array): number;
}

declare const Bun: {
  listen(options: {
    hostname: string;
    port: number;
    socket: { data(connection: Connection): void };
  }): unknown;
};

Bun.listen({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  socket: {
    data(connection) {
      connection.write(FIXED_ANSWER);
    },
  },
});
