/** Peers that are too many, too slow or too large: who pays for them (wishes:N-010, R-058, R-060). */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { LOOPS } from "../_support/loops.ts";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { withServer } from "../_support/spawn_server.ts";

const hello = () => request(`GET ${new Script(...answer()).target}`);

describe("--limit-request-body", () => {
  test("a larger body gets 413 and the connection ends", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--limit-request-body", "1000"] },
      async (server) => {
        const target = new Script(["readAll"], ...answer()).target;
        const fits = await exchange(
          server.target,
          request(`POST ${target}`, ["Content-Length: 1000"], "x".repeat(1000)),
        );
        assert.equal(fits.status, 200);
        const sized = await RawClient.connect(server.target);
        sized.send(
          request(`POST ${target}`, ["Content-Length: 1001"], "x".repeat(1001)),
        );
        assert.equal((await sized.readResponse()).status, 413);
        assert.equal(await sized.ended(), "fin");
        sized.close();
        const chunked = await RawClient.connect(server.target);
        chunked.send(
          request(
            `POST ${target}`,
            ["Transfer-Encoding: chunked"],
            `3e9\r\n${"x".repeat(1001)}\r\n0\r\n\r\n`,
          ),
        );
        assert.equal((await chunked.readResponse()).status, 413);
        assert.equal(await chunked.ended(), "fin");
        chunked.close();
      },
    ));
});

describe("--min-body-rate", () => {
  test("a body that drips gets 408 long before the idle time is over", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--min-body-rate", "1000"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        client.send(
          request(`POST ${new Script(["readAll"], ...answer()).target}`, [
            "Content-Length: 100000",
          ]),
        );
        const drip = setInterval(() => client.send("x"), 200);
        try {
          assert.equal((await client.readResponse()).status, 408);
          assert.equal(await client.ended(), "fin");
        } finally {
          clearInterval(drip);
          client.close();
        }
      },
    ));
});

describe("--limit-connections", () => {
  for (const { loop, label } of LOOPS) {
    test(`further ones are closed at once (${label} sockets)`, () =>
      withServer(
        {
          app: SCRIPTED_APP,
          args: ["--limit-connections", "3", "--loop", loop],
        },
        async (server) => {
          const open = [];
          for (let i = 0; i < 3; i++) {
            const client = await RawClient.connect(server.target);
            assert.equal((await client.request(hello())).status, 200);
            open.push(client);
          }
          for (let i = 0; i < 3; i++) {
            const client = await RawClient.connect(server.target);
            await client.ended();
            client.close();
          }
          await server.line("stderr", /all 3 are open \(limit-connections\)/);
          // Those that are in are served, and leaving makes room.
          assert.equal((await open[0]!.request(hello())).status, 200);
          open[1]!.close();
          for (;;) {
            const client = await RawClient.connect(server.target);
            client.send(hello());
            const first = await Promise.race([
              client.readResponse().then(({ status }) => status, () => 0),
              client.ended().then(() => 0),
            ]);
            client.close();
            if (first === 200) break;
          }
          for (const client of open) client.close();
        },
      ));

    for (
      const [how, args, served] of [
        ["kept below the descriptors", [], [100, 199]],
        ["out of descriptors", ["--limit-connections", "1000"], [1, 199]],
      ] as const
    ) {
      test(`${how}, nobody is locked out for ever (${label} sockets)`, {
        skip: process.platform !== "linux" && "needs Linux's limits",
      }, () =>
        withServer(
          {
            app: SCRIPTED_APP,
            args: ["--loop", loop, "--timeout-keep-alive", "60", ...args],
            via: ["/bin/sh", "-c", 'ulimit -n 200; exec "$@"', "sh"],
          },
          async (server) => {
            const clients: RawClient[] = [];
            let answered = 0;
            for (let i = 0; i < 300; i++) {
              const client = await RawClient.connect(server.target);
              client.send(hello());
              client.readResponse().then(
                ({ status }) => void (status === 200 && answered++),
                () => {},
              );
              clients.push(client);
            }
            const [least, most] = served;
            const rest = (ms: number) =>
              new Promise((resolve) => setTimeout(resolve, ms));
            for (let tries = 0; answered < least; tries++) {
              assert.ok(tries < 3_000, `${answered} served`);
              await rest(20);
            }
            await rest(500);
            assert.ok(answered <= most, `${answered} served`);
            for (const client of clients) client.close();
            // All of them are gone: the next one is served, on the first tries.
            for (let tries = 0;; tries++) {
              assert.ok(tries < 100, "nobody is served any more");
              const client = await RawClient.connect(server.target);
              client.send(hello());
              const status = await Promise.race([
                client.readResponse().then(({ status }) => status, () => 0),
                client.ended().then(() => 0),
              ]);
              client.close();
              if (status === 200) break;
            }
          },
        ));
    }
  }

  test("a client has no more than its share", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--limit-connections-per-client", "2"] },
      async (server) => {
        const one = await RawClient.connect(server.target);
        const two = await RawClient.connect(server.target);
        assert.equal((await one.request(hello())).status, 200);
        assert.equal((await two.request(hello())).status, 200);
        const three = await RawClient.connect(server.target);
        await three.ended();
        one.close();
        two.close();
      },
    ));
});
