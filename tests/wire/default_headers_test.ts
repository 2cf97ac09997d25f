/** Headers the operator asks for, or does not want (options:O-044 to O-046). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { withServer } from "../_support/spawn_server.ts";

/** Names and values of one answer's headers, `date` shown as its name only. */
async function headersWith(
  args: readonly string[],
  own: [string, string][] = [],
) {
  let headers: string[] = [];
  await withServer({ app: SCRIPTED_APP, args }, async (server) => {
    const response = await exchange(
      server.target,
      request(`GET ${new Script(...answer("ok", own)).target}`),
    );
    headers = response.headers.map(([name, value]) =>
      name === "date" ? name : `${name}: ${value}`
    );
  });
  return headers;
}

for (
  const [behaviour, args, own, expected] of [
    ["by default date and server", [], [], [
      "date",
      "server: tricorn",
      "content-length: 2",
    ]],
    ["no date", ["--no-date-header"], [], [
      "server: tricorn",
      "content-length: 2",
    ]],
    ["no server", ["--no-server-header"], [], ["date", "content-length: 2"]],
    ["neither", ["--no-date-header", "--no-server-header"], [], [
      "content-length: 2",
    ]],
    [
      "configured ones between ours and the application's, in lower case, trimmed (http:H-148)",
      ["--header", "X-One: 1", "--header", "X-Two:a:b", "--header", "x-one:3"],
      [["x-app", "y"]],
      [
        "date",
        "server: tricorn",
        "x-one: 1",
        "x-two: a:b",
        "x-one: 3",
        "x-app: y",
        "content-length: 2",
      ],
    ],
    [
      "a configured server in place of ours (http:H-148)",
      ["--header", "Server: over-ridden"],
      [],
      ["date", "server: over-ridden", "content-length: 2"],
    ],
    [
      "a configured server without ours (options:B-013)",
      ["--no-server-header", "--header", "server: mine"],
      [],
      ["date", "server: mine", "content-length: 2"],
    ],
  ] as [string, string[], [string, string][], string[]][]
) {
  test(`a response has ${behaviour}`, async () => {
    assert.deepEqual(await headersWith(args, own), expected);
  });
}

test("refusals have the configured headers too", () =>
  withServer(
    { app: SCRIPTED_APP, args: ["--header", "x-one: 1"] },
    async (server) => {
      const refused = await exchange(server.target, "nonsense\r\n\r\n");
      assert.deepEqual([refused.status, refused.header("x-one")], [400, "1"]);
      const failed = await exchange(
        server.target,
        request(`GET ${new Script(["throw", "x"]).target}`),
      );
      assert.deepEqual([failed.status, failed.header("x-one")], [500, "1"]);
    },
  ));

test("the date moves on (http:H-146)", () =>
  withServer({ app: SCRIPTED_APP }, async (server) => {
    const ask = async () =>
      (await exchange(server.target, request("GET /"))).header("date");
    const first = await ask();
    for (let tries = 0; tries < 100; tries++) {
      if (await ask() !== first) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail("The date stood still for ten seconds");
  }));
