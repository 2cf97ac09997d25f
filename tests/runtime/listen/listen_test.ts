/** Listening on real addresses, alike on every transport: names, wildcards, refusals. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import type { ListenTarget } from "../../../src/runtime/types.ts";
import { label, Peer, Recorder, text, TRANSPORTS, until } from "../_wire.ts";

const HAS_IPV6 = Object.values(networkInterfaces()).flat()
  .some((address) => address?.family === "IPv6");
const OPTIONS = { backlog: 16 };
const accept = (socket: Recorder["socket"]): Recorder => new Recorder(socket);

for (const transport of TRANSPORTS) {
  const say = (name: string): string =>
    `${label(transport.name)} listen() ${name}`;
  const rejects = async (target: ListenTarget, code: string): Promise<void> => {
    await assert.rejects(
      transport.listen(target, OPTIONS, accept),
      (error: unknown) => {
        assert.ok(error instanceof ListenError);
        assert.equal(error.code, code);
        assert.match(error.message, /^Cannot listen on /);
        return true;
      },
    );
  };

  test(say("refuses a port in use, whoever uses it"), async () => {
    for (const other of TRANSPORTS) {
      const first = await other.listen(
        { kind: "tcp", host: "127.0.0.1", port: 0 },
        OPTIONS,
        accept,
      );
      try {
        await rejects(first.address, "EADDRINUSE");
      } finally {
        await first.close();
      }
    }
  });

  test(say("refuses an address of another machine"), async () => {
    await rejects(
      { kind: "tcp", host: "203.0.113.1", port: 0 },
      "EADDRNOTAVAIL",
    );
  });

  for (const host of ["", "::"]) {
    if (host !== "" && !HAS_IPV6) continue;
    test(say(`on ${JSON.stringify(host)} takes IPv4 and IPv6`), async () => {
      const accepted: Recorder[] = [];
      const listener = await transport.listen(
        { kind: "tcp", host, port: 0 },
        OPTIONS,
        (socket) => {
          accepted.push(new Recorder(socket));
          return accepted[accepted.length - 1];
        },
      );
      const { port } = listener.address as { port: number };
      const ways = HAS_IPV6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
      try {
        for (const [i, way] of ways.entries()) {
          const peer = await Peer.connect(
            { kind: "tcp", host: way, port },
            false,
          );
          peer.write("hello");
          await until(() => accepted[i]?.text === "hello", "it is heard");
          const { socket } = accepted[i];
          assert.deepEqual(socket.localAddress, {
            kind: "tcp",
            host: way,
            port,
          });
          assert.deepEqual(socket.remoteAddress, {
            kind: "tcp",
            host: way,
            port: peer.raw.localPort,
          });
          socket.write(text("x"));
          socket.end();
          peer.end();
          await until(() => accepted[i].closes === 1, "it is closed");
        }
      } finally {
        for (const { socket } of accepted) socket.destroy();
        await listener.close();
      }
    });
  }

  if (HAS_IPV6) {
    test(say("on ::1 takes IPv6"), async () => {
      const target = { kind: "tcp", host: "::1", port: 0 } as const;
      const listener = await transport.listen(target, OPTIONS, accept);
      try {
        assert.ok(listener.address.kind === "tcp");
        assert.equal(listener.address.host, "::1");
        await rejects(listener.address, "EADDRINUSE");
      } finally {
        await listener.close();
      }
    });
  }
}
