/** The chat of examples/chat, as people use it: in a browser, with the server coming and going. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsProgram } from "../_support/needs.ts";
import { exchange } from "../_support/raw_client.ts";
import { type ServerProcess, spawnServer } from "../_support/spawn_server.ts";
import { ROOT } from "../_support/this_runtime.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import { handshakeRequest } from "../_support/websocket_frames.ts";
import { CHROMIUM, Chromium, type Page } from "./_chromium.ts";

function start(port: number): Promise<ServerProcess> {
  return spawnServer({
    args: [
      "--app-dir",
      `${ROOT}/examples/chat`,
      "chat:app",
      "--port",
      `${port}`,
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
