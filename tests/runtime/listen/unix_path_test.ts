/** Who may have a path in the file system, on every transport (wishes: ). */
import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import { MAX_UNIX_PATH } from "../../../src/runtime/listen/unix_path.ts";
import type { Listener } from "../../../src/runtime/types.ts";
import {
  label,
  listen,
  Peer,
  Recorder,
  TRANSPORTS,
  until,
  withDirectory,
} from "../_wire.ts";

const skip = process.platform === "win32";

for (const transport of TRANSPORTS) {
  const listenAt = (path: string): Promise<Listener> =>
    listen(
      transport,
      { kind: "unix", path },
      { backlog: 16 },
      (socket) => new Recorder(socket),
    );
  const rejects = async (
    path: string,
    code: string,
    reason: RegExp = /./,
  ): Promise<void> => {
    await assert.rejects(listenAt(path), (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.code, code);
      assert.ok(error.message.startsWith(`Cannot listen on unix:${path}: `));
      assert.match(error.message, reason);
      return true;
    });
  };
  const isAnswering = async (path: string): Promise<void> => {
    (await Peer.connect({ kind: "unix", path }, false)).raw.destroy();
  };
  const behaves = (
    name: string,
    body: (directory: string) => Promise<void>,
  ): void => {
    test(
      `${label(transport.name)} listen() on a path ${name}`,
      { skip },
      () => withDirectory(body),
    );
  };

  behaves("makes a socket there and nothing else", async (directory) => {
    const path = join(directory, "s.sock");
    const listener = await listenAt(path);
    assert.deepEqual(readdirSync(directory), ["s.sock"]);
    assert.ok(lstatSync(path).isSocket());
    await isAnswering(path);
    await listener.close();
    assert.deepEqual(readdirSync(directory), []);
  });

  behaves(
    "lets everybody connect, whatever the umask (options:O-012)",
    async (directory) => {
      const path = join(directory, "s.sock");
      const umask = process.umask(0o077);
      try {
        const listener = await listenAt(path);
        assert.equal(lstatSync(path).mode & 0o777, 0o666);
        await listener.close();
      } finally {
        process.umask(umask);
      }
    },
  );

  for (const [length, what] of [[20, "a short"], [0, "the longest"]] as const) {
    behaves(
      `gives ${what} path the mode it is asked for`,
      async (directory) => {
        const room = MAX_UNIX_PATH - directory.length - 1;
        const path = join(directory, "s".repeat(length === 0 ? room : length));
        const umask = process.umask(0);
        try {
          const listener = await listen(
            transport,
            { kind: "unix", path, mode: 0o620 },
            { backlog: 16 },
            (socket) => new Recorder(socket),
          );
          assert.equal(lstatSync(path).mode & 0o777, 0o620);
          await listener.close();
        } finally {
          process.umask(umask);
        }
      },
    );
  }

  behaves("refuses a live socket and leaves it", async (directory) => {
    const path = join(directory, "s.sock");
    for (const other of TRANSPORTS) {
      const first = await listen(
        other,
        { kind: "unix", path },
        { backlog: 16 },
        (socket) => new Recorder(socket),
      );
      await rejects(path, "EADDRINUSE");
      await isAnswering(path);
      assert.deepEqual(readdirSync(directory), ["s.sock"]);
      await first.close();
    }
  });

  behaves("replaces a socket that nobody listens on", async (directory) => {
    const path = join(directory, "s.sock");
    const first = await listenAt(path);
    // What is left when a process is killed: the name without the listener.
    renameSync(path, join(directory, "kept"));
    await first.close();
    renameSync(join(directory, "kept"), path);
    await assert.rejects(isAnswering(path));
    const second = await listenAt(path);
    await isAnswering(path);
    await second.close();
    assert.ok(!existsSync(path));
  });

  behaves("goes to one of two that want it at once", async (directory) => {
    const path = join(directory, "s.sock");
    const results = await Promise.allSettled([
      listenAt(path),
      listenAt(path),
      listenAt(path),
    ]);
    const won = results.filter((result) => result.status === "fulfilled");
    assert.equal(won.length, 1);
    for (const result of results) {
      if (result.status === "rejected") {
        assert.equal(result.reason.code, "EADDRINUSE");
      }
    }
    await isAnswering(path);
    assert.deepEqual(readdirSync(directory), ["s.sock"]);
    await won[0].value.close();
  });

  behaves("refuses a file and leaves it", async (directory) => {
    const path = join(directory, "notes.txt");
    writeFileSync(path, "precious");
    const noSocket = (what: string) =>
      new RegExp(`: it is no socket but ${what}, which is left alone$`);
    await rejects(path, "ENOTSOCK", noSocket("a regular file"));
    assert.equal(readFileSync(path, "utf8"), "precious");
    await rejects(directory, "ENOTSOCK", noSocket("a directory"));
    await rejects("/dev/null", "ENOTSOCK", noSocket("a device"));
    for (const target of [path, join(directory, "nowhere")]) {
      const link = join(directory, "link");
      symlinkSync(target, link);
      await rejects(link, "ENOTSOCK", noSocket("a symbolic link"));
      unlinkSync(link);
    }
    assert.deepEqual(readdirSync(directory), ["notes.txt"]);
  });

  behaves("leaves what another has put there since", async (directory) => {
    const path = join(directory, "s.sock");
    const first = await listenAt(path);
    unlinkSync(path);
    const second = await listenAt(path);
    await first.close();
    await isAnswering(path);
    unlinkSync(path);
    writeFileSync(path, "precious");
    await second.close();
    assert.equal(readFileSync(path, "utf8"), "precious");
  });

  behaves("does not mind that its name is gone", async (directory) => {
    const path = join(directory, "s.sock");
    const listener = await listenAt(path);
    unlinkSync(path);
    await listener.close();
    await listener.close();
  });

  behaves("refuses a directory that does not exist", async (directory) => {
    await rejects(join(directory, "missing", "s.sock"), "ENOENT");
  });

  behaves(
    "takes the longest path there is, and no longer one",
    async (directory) => {
      const longest = directory + "/" +
        "s".repeat(MAX_UNIX_PATH - directory.length - 1);
      const listener = await listenAt(longest);
      await isAnswering(longest);
      await listener.close();
      assert.ok(!existsSync(longest));
      await rejects(longest + "s", "ENAMETOOLONG");
    },
  );

  behaves("carries bytes and both names", async (directory) => {
    const path = join(directory, "s.sock");
    let heard: Recorder | undefined;
    const listener = await listen(transport, { kind: "unix", path }, {
      backlog: 16,
    }, (socket) => {
      heard = new Recorder(socket);
      return heard;
    });
    const peer = await Peer.connect(listener.address, false);
    peer.write("hello");
    await until(() => heard?.text === "hello", "it is heard");
    assert.deepEqual(heard?.socket.localAddress, { kind: "unix", path });
    assert.deepEqual(heard?.socket.remoteAddress, { kind: "unix", path: "" });
    peer.raw.destroy();
    heard?.socket.destroy();
    await listener.close();
  });
}

test("listen() refuses an empty path and one with a zero byte", async () => {
  for (const path of ["", "\0abstract"]) {
    for (const transport of TRANSPORTS) {
      await assert.rejects(
        transport.bind({ kind: "unix", path }, { backlog: 1 }),
        { code: "EINVAL" },
      );
    }
  }
});
