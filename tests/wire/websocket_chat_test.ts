/** The chat of examples/chat, as people use it: in a browser, with the server coming and going. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ServerStatus } from "../../src/control/controlled.ts";
import { needsProgram } from "../_support/needs.ts";
import { exchange } from "../_support/raw_client.ts";
import { ServerProcess, spawnServer } from "../_support/spawn_server.ts";
import { ROOT } from "../_support/this_runtime.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { handshakeRequest, textFrame } from "../_support/websocket_frames.ts";
import { CHROMIUM, Chromium, type Page } from "./_chromium.ts";
import { until } from "./_workers.ts";

function start(
  port: number,
  args: readonly string[] = [],
): Promise<ServerProcess> {
  return spawnServer({
    args: [
      "--app-dir",
      `${ROOT}/examples/chat`,
      "chat:app",
      "--port",
      `${port}`,
      ...args,
    ],
  });
}

/** Waits for a line of the log, past what `times` of the same there are. */
const sees = (page: Page, line: string, times = 1) =>
  page.until(
    `[...document.querySelectorAll("#log li")].filter((li) =>
      li.textContent === ${JSON.stringify(line)}).length >= ${times}`,
  );

const status = (page: Page, text: string) =>
  page.until(
    `document.getElementById("status").textContent.startsWith(${
      JSON.stringify(text)
    })`,
  );

const say = (page: Page, text: string) =>
  page.evaluate(
    `document.getElementById("text").value = ${JSON.stringify(text)};
     document.getElementById("say").requestSubmit();`,
  );

test("two tabs chat, come back after a restart, and leave", {
  skip: needsProgram(CHROMIUM),
  timeout: 100_000,
}, async () => {
  let server = await start(0);
  const { port } = server;
  const browser = await Chromium.start();
  try {
    const url = (name: string) => `http://127.0.0.1:${port}/?name=${name}`;
    const ann = await browser.open(url("Ann"));
    await sees(ann, "You are Ann");
    const ben = await browser.open(url("Ben"));
    await sees(ben, "You are Ben");
    await sees(ann, "Ben has joined");
    await say(ann, "Hello <b>Ben</b> 😀");
    await sees(ben, "Ann: Hello <b>Ben</b> 😀");
    await say(ben, "Hello Ann");
    await sees(ann, "Ben: Hello Ann");
    assert.equal(
      await ann.evaluate(`document.getElementById("people").textContent`),
      "Ann, Ben",
    );

    server.signal("SIGTERM");
    await server.end();
    await status(ann, "connection lost");
    server = await start(port);
    await sees(ann, "You are Ann", 2);
    await sees(ben, "You are Ben", 2);
    await status(ben, "connected");
    await say(ben, "Back again");
    await sees(ann, "Ben: Back again");

    await ben.evaluate(`document.getElementById("leave").click()`);
    await status(ben, "left");
    await sees(ann, "Ben has left");
    const eve = await browser.open(url("Eve"));
    await sees(ann, "Eve has joined");
    await eve.close();
    await sees(ann, "Eve has left");
  } finally {
    await browser.close();
    await server.kill();
  }
});

test("a page from elsewhere is refused, names are kept apart, and nobody hears a stranger", async () => {
  const server = await start(0);
  try {
    const strange = await exchange(
      server.target,
      handshakeRequest("/chat?name=x", ["Origin: http://elsewhere.example"]),
    );
    assert.equal(strange.status, 403);
    assert.equal(strange.body, "This page may not chat here\n");
    const join = (name: string) =>
      FrameClient.connect(server.target, `/chat?name=${name}`, [
        "Origin: http://test",
      ]);
    const first = await join("Ann");
    assert.equal(
      await first.said(),
      'text {"type":"welcome","name":"Ann","people":[]}',
    );
    const second = await join("Ann");
    assert.equal(
      await second.said(),
      'text {"type":"welcome","name":"Ann 2","people":["Ann"]}',
    );
    assert.equal(await first.said(), 'text {"type":"join","name":"Ann 2"}');
    second.reset();
    assert.equal(await first.said(), 'text {"type":"leave","name":"Ann 2"}');
    first.close();
    const page = await exchange(
      server.target,
      "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
    );
    assert.equal(page.header("content-type"), "text/html; charset=utf-8");
    assert.match(page.body, /<title>Chat<\/title>/);
    const other = await exchange(
      server.target,
      "GET /favicon.ico HTTP/1.1\r\nHost: test\r\n\r\n",
    );
    assert.equal(other.status, 404);
  } finally {
    await server.kill();
  }
});

/** How many of the workers have a connection. */
async function busyWorkers(pidFile: string): Promise<number> {
  const asking = new ServerProcess({
    args: ["status", "--json", "--pid-file", pidFile],
  });
  await asking.end();
  const { workers } = JSON.parse(asking.stdout.join("\n")) as ServerStatus;
  return workers.filter(({ connections }) => connections > 0).length;
}

test("people on different workers hear each other, each word once, and know who is there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-chat-"));
  const pidFile = join(folder, "chat.pid");
  const server = await start(0, ["--workers", "4", "--pid-file", pidFile]);
  const people: { readonly name: string; readonly client: FrameClient }[] = [];
  const hears = async (client: FrameClient, told: object) =>
    assert.equal(await client.said(), `text ${JSON.stringify(told)}`);
  const told = async (client: FrameClient) =>
    JSON.parse((await client.said()).replace(/^text /, ""));
  /** Everybody but the last, who knows it from the welcome. */
  const others = () => people.slice(0, -1);
  try {
    // Written when all workers are ready.
    await until(() => existsSync(pidFile), "four workers", server);
    await until(
      async () => {
        if (people.length >= 40) assert.fail("All are on one worker");
        for (let i = 0; i < 3; i++) {
          const name = `P${people.length}`;
          const client = await FrameClient.connect(
            server.target,
            `/chat?name=${name}`,
          );
          people.push({ name, client });
          const { people: known, ...welcome } = await told(client);
          assert.deepEqual(welcome, { type: "welcome", name });
          // Who has come to another worker in this moment is told of a moment later.
          while (known.length < others().length) {
            const { type, name } = await told(client);
            assert.equal(type, "join");
            known.push(name);
          }
          assert.deepEqual(
            known.sort(),
            others().map(({ name }) => name).sort(),
          );
          for (const { client } of others()) {
            await hears(client, { type: "join", name });
          }
        }
        return await busyWorkers(pidFile) >= 3;
      },
      "people on three workers",
      server,
    );
    for (const { name, client } of people) {
      client.send(textFrame(`I am ${name}`));
      for (const { client } of people) {
        await hears(client, { type: "say", name, text: `I am ${name}` });
      }
    }
    // A name that somebody on another worker has is not given again.
    const [first] = people;
    const twin = await FrameClient.connect(server.target, "/chat?name=P0");
    assert.match(await twin.said(), /"welcome","name":"P0 2"/);
    for (const { client } of people) {
      await hears(client, { type: "join", name: "P0 2" });
    }
    twin.reset();
    for (const { client } of people) {
      await hears(client, { type: "leave", name: "P0 2" });
    }
    first!.client.reset();
    for (const { client } of people.slice(1)) {
      await hears(client, { type: "leave", name: "P0" });
    }
  } finally {
    for (const { client } of people) client.reset();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});
