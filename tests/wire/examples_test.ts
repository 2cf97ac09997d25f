/** The examples, started by the command as their page says, and asked. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { ROOT } from "../_support/this_runtime.ts";

const PAGE = readFileSync(join(ROOT, "examples/README.md"), "utf8");
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-examples-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Starts `name` by the command of the page, and asks it. */
async function served(
  name: string,
  ask: (server: ServerProcess) => Promise<void>,
  more: {
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<void> {
  const row = PAGE.split("\n").find((line) => line.includes(`(./${name})`));
  const command = /`tricorn ([^`]+)`/.exec(row ?? "")?.[1];
  assert.ok(command !== undefined, `examples/README.md has no row of ${name}`);
  await withServer({
    args: [...command.split(" "), ...more.args ?? []],
    env: more.env ?? {},
  }, ask);
}

/** One exchange, the connection closed after it. */
function asked(
  server: ServerProcess,
  line: string,
  fields: readonly string[] = [],
  body = "",
) {
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const all = ["Connection: close", ...length, ...fields];
  return exchange(server.target, request(line, all) + body);
}

describe("examples", () => {
  test("those that the page names are there, with a test each", () => {
    const named = [...PAGE.matchAll(/\]\(\.\/([^)]+\.ts)\)/g)]
      .map(([, name]) => name!);
    const tests = readFileSync(new URL(import.meta.url), "utf8");
    assert.ok(named.length >= 9);
    for (const name of named) {
      assert.ok(existsSync(join(ROOT, "examples", name)), name);
      assert.ok(tests.includes(`served("${name}"`), `no test of ${name}`);
    }
  });

  test("hono", () =>
    served("hono.ts", async (server) => {
      const hello = await asked(server, "GET /hello/Ann");
      assert.equal(hello.body, "Hello, Ann!");
      const json = ["Content-Type: application/json"];
      const sum = await asked(server, "POST /sum", json, "[1,2,3]");
      assert.deepEqual(JSON.parse(sum.body), { sum: 6 });
      const me = await asked(server, "GET /me");
      assert.equal(JSON.parse(me.body).address, "127.0.0.1");
      const ticks = await asked(server, "GET /ticks");
      assert.equal(ticks.header("content-type"), "text/event-stream");
      assert.equal(ticks.body, "data: 1\n\ndata: 2\n\ndata: 3\n\n");
      const { host, port } = server.target as { host: string; port: number };
      const socket = new WebSocket(`ws://${host}:${port}/echo`);
      socket.onopen = () => socket.send("hi");
      const said = await new Promise((resolve, reject) => {
        socket.onmessage = ({ data }) => resolve(data);
        socket.onerror = () => reject(new Error("refused"));
      });
      assert.equal(said, "You said hi");
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
    }));

  test("crossws: hooks of crossws on H3, publishing to each other", () =>
    served("crossws.ts", async (server) => {
      assert.match((await asked(server, "GET /")).body, /^A room/);
      const handshake = request("GET /room", [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ]);
      const refused = await exchange(server.target, handshake);
      assert.equal(`${refused.status} ${refused.body}`, "400 Who?\n");
      const join = async (name: string) => {
        const url = server.runningOn.replace("http", "ws");
        const socket = new WebSocket(`${url}/room?name=${name}`);
        const heard: unknown[] = [];
        let wake = () => {};
        socket.onmessage = ({ data }) => {
          heard.push(data);
          wake();
        };
        const hears = async (): Promise<unknown> => {
          while (heard.length === 0) {
            await new Promise<void>((resolve) => wake = resolve);
          }
          return heard.shift();
        };
        assert.equal(await hears(), `Welcome, ${name}`);
        return { socket, hears };
      };
      const ann = await join("Ann");
      const bob = await join("Bob");
      ann.socket.send("hello");
      assert.equal(await bob.hears(), "Ann: hello");
      const closed = new Promise((resolve) => bob.socket.onclose = resolve);
      ann.socket.close();
      assert.equal(await bob.hears(), "Ann has left");
      bob.socket.close();
      await closed;
    }));

  test("otel", () =>
    served("otel.ts", async (server) => {
      const { body } = await asked(server, "GET /items/7");
      assert.equal(body, "Item 7\n");
      await server.line("stdout", /name: ['"]look up['"]/);
      await server.line("stdout", /name: ['"]GET \/items\/{id}['"]/);
      assert.equal((await asked(server, "GET /items/x")).status, 404);
    }));

  test("hello", () =>
    served("hello.ts", async (server) => {
      const { status, body } = await asked(server, "GET /");
      assert.equal(status, 200);
      assert.equal(body, "Hello, world!\n");
    }));

  test("echo", () =>
    served("echo.ts", async (server) => {
      const { body } = await asked(server, "PUT /", [], "abc".repeat(10_000));
      assert.equal(body, "abc".repeat(10_000));
    }));

  test("express: answers, and echoes as it reads", () =>
    served("express.ts", async (server) => {
      const { body } = await asked(server, "GET /");
      assert.deepEqual(JSON.parse(body), { hello: "127.0.0.1" });
      const echo = await asked(server, "POST /echo", [], "abc".repeat(10_000));
      assert.equal(echo.body, "abc".repeat(10_000));
    }));

  test("stream: events, and an orderly end when the server stops", () =>
    served("stream.ts", async (server) => {
      const response = await fetch(server.runningOn);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      let text = new TextDecoder().decode(value);
      assert.match(text, /^id: 1\ndata: .*\n\n/);
      server.signal("SIGTERM");
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        text += new TextDecoder().decode(value);
      }
      assert.match(text, /event: bye\ndata:\n\n$/);
      await server.end();
    }));

  test("chat: what one says, the others hear", () =>
    served("chat/chat.ts", async (server) => {
      const page = await asked(server, "GET /");
      assert.match(page.body, /<html|<!doctype/i);
      // The policy of the page has to let its icon in.
      assert.match(page.body, /<link rel="icon" href="data:/);
      assert.match(
        page.headers.find(([name]) => name === "content-security-policy")![1],
        /; img-src data:;/,
      );
      const people = await Promise.all(["Ann", "Bob"].map(async (name) => {
        const url = server.runningOn.replace("http", "ws");
        const socket = new WebSocket(`${url}/?name=${name}`);
        const heard: string[] = [];
        const waiting: (() => void)[] = [];
        socket.onmessage = ({ data }) => {
          heard.push(String(data));
          for (const wake of waiting.splice(0)) wake();
        };
        await new Promise((resolve, reject) => {
          socket.onopen = resolve;
          socket.onerror = () => reject(new Error("no WebSocket"));
        });
        const hears = async (pattern: RegExp): Promise<void> => {
          while (!heard.some((text) => pattern.test(text))) {
            await new Promise<void>((resolve) => waiting.push(resolve));
          }
        };
        return { socket, hears };
      }));
      const [ann, bob] = people;
      await Promise.all(people.map(({ hears }) => hears(/welcome/)));
      ann!.socket.send("hello, Bob");
      await bob!.hears(/"say".*hello, Bob/);
      for (const { socket } of people) socket.close();
    }));

  test("files, whole and in part", () =>
    served("files.ts", async (server) => {
      const licence = readFileSync(join(ROOT, "LICENSE"), "latin1");
      assert.equal((await asked(server, "GET /LICENSE")).body, licence);
      const part = await asked(server, "GET /LICENSE", ["Range: bytes=2-5"]);
      assert.equal(part.status, 206);
      assert.equal(part.body, licence.slice(2, 6));
      assert.equal((await asked(server, "GET /no-such-file")).status, 404);
    }));

  test("upload: at the limit, above it, announced and not", async () => {
    const uploads = join(folder, "uploads");
    const env = { UPLOADS: uploads, MAX_UPLOAD: "8" };
    await served("upload.ts", async (server) => {
      const put = async (path: string, body: string, fields?: string[]) => {
        const { status } = fields === undefined
          ? await asked(server, `PUT ${path}`, [], body)
          : await exchange(
            server.target,
            request(`PUT ${path}`, ["Connection: close", ...fields]) + body,
          );
        return status;
      };
      assert.equal(await put("/a.txt", "12345678"), 201);
      assert.equal(readFileSync(join(uploads, "a.txt"), "utf8"), "12345678");
      assert.equal(await put("/b.txt", "123456789"), 413);
      const chunked = ["Transfer-Encoding: chunked"];
      assert.equal(
        await put("/c.txt", "9\r\n123456789\r\n0\r\n\r\n", chunked),
        413,
      );
      assert.equal(await put("/c.txt", "2\r\nok\r\n0\r\n\r\n", chunked), 201);
      assert.equal(await put("/..%2Fd", "1"), 400);
      assert.equal((await asked(server, "GET /a.txt")).status, 405);
    }, { env });
    // Of what was refused, nothing is left.
    assert.deepEqual(readdirSync(uploads).sort(), ["a.txt", "c.txt"]);
  });

  test("lifespan: state of the startup in each request", () =>
    served("lifespan.ts", async (server) => {
      assert.equal((await asked(server, "GET /")).body, "Visit 1\n");
      assert.equal((await asked(server, "GET /")).body, "Visit 2\n");
      if (process.platform === "win32") return;
      server.signal("SIGTERM");
      await server.line("stdout", /^Served 2 visits\.$/);
      await server.end();
    }));

  test("database: what is written is there after a restart", async () => {
    const env = { DATABASE: join(folder, "guests.sqlite") };
    await served("database.ts", async (server) => {
      assert.equal((await asked(server, "POST /", [], "Ann")).status, 201);
      assert.equal(
        (await asked(server, "POST /", [], "x".repeat(1001))).status,
        400,
      );
      assert.equal((await asked(server, "GET /")).body, "Ann\n");
      server.signal("SIGTERM");
      await server.end();
      assert.ok(server.stderr.some((line) => /shutdown complete/.test(line)));
    }, { env });
    await served("database.ts", async (server) => {
      assert.equal((await asked(server, "GET /")).body, "Ann\n");
    }, { env });
  });

  test("database: one that cannot be opened ends the start", async () => {
    const env = { DATABASE: join(folder, "no", "such", "folder.sqlite") };
    await assert.rejects(
      served("database.ts", () => Promise.resolve(), { env }),
      /unable to open database file/,
    );
  });

  test("behind a proxy: the client's address, scheme and mount point", () => {
    const forwarded = "x-forwarded-for,x-forwarded-proto,x-forwarded-host";
    return served("behind_proxy.ts", async (server) => {
      const { body } = await asked(server, "GET /page", [
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: example.com",
      ]);
      assert.deepEqual(JSON.parse(body), {
        client: "203.0.113.9",
        url: "https://example.com/app/page",
        mount: "/app",
        proxy: "127.0.0.1",
      });
    }, { args: ["--forwarded-headers", forwarded] });
  });
});
