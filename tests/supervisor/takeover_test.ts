import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HeldSocket, ListenTarget } from "../../src/runtime/types.ts";
import {
  type HandedSocket,
  type Heir,
  Takeover,
} from "../../src/supervisor/takeover.ts";
import { settle } from "../_support/fake_clock.ts";

const OPTIONS = { backlog: 1 };

const SOCKETS: readonly HandedSocket[] = [
  {
    target: { kind: "tcp", host: "127.0.0.1", port: 0 },
    address: { kind: "tcp", host: "127.0.0.1", port: 4000 },
    fd: 4,
  },
  {
    target: { kind: "unix", path: "/run/a.sock" },
    address: { kind: "unix", path: "/run/a.sock" },
    fd: 5,
  },
  {
    target: { kind: "fd", fd: 3 },
    address: { kind: "tcp", host: "127.0.0.1", port: 4001 },
    fd: 6,
  },
];

const COUNTED = { snapshot: { tricorn_connections_total: [[[], [3]]] } };

/** Who goes on counting, and writes down what it hears. */
function heirOf(events: string[]): Heir {
  return {
    inherit: (_from, { snapshot }) =>
      void events.push(
        `inherit ${snapshot.tricorn_connections_total![0]![1][0]}`,
      ),
    inheritAll: () => void events.push("inherit all"),
  };
}

function scene(sockets: readonly HandedSocket[] = SOCKETS) {
  const events: string[] = [];
  const link = {
    send: (message: unknown) => {
      events.push(`send ${(message as { kind: string }).kind}`);
      return true;
    },
    onMessage: undefined as ((message: unknown) => void) | undefined,
    onLost: undefined as (() => void) | undefined,
    close: () => void events.push("close link"),
  };
  const takeover = new Takeover(link, { kind: "takeOver", sockets }, {
    holdSocket: (target: ListenTarget): Promise<HeldSocket> => {
      const what = target.kind === "fd" ? `fd ${target.fd}` : target.kind;
      events.push(`hold ${what}`);
      return Promise.resolve({
        address: { kind: "tcp", host: "x", port: 1 },
        descriptor: 9,
        close: () => Promise.resolve(void events.push(`close ${what}`)),
      });
    },
    adoptUnixPath: (path) => {
      events.push(`adopt ${path}`);
      return Promise.resolve(() => void events.push(`remove ${path}`));
    },
  });
  return { takeover, link, events };
}

describe("Takeover", () => {
  for (
    const [target, found] of [
      [{ kind: "tcp", host: "127.0.0.1", port: 0 }, "fd 4"],
      [{ kind: "tcp", host: "127.0.0.1", port: 4000 }, "fd 4"],
      [{ kind: "tcp", host: "127.0.0.1", port: 80 }, "tcp"],
      [{ kind: "tcp", host: "::1", port: 0 }, "tcp"],
      [{ kind: "unix", path: "/run/a.sock" }, "fd 5"],
      [{ kind: "unix", path: "/run/b.sock" }, "unix"],
      [{ kind: "fd", fd: 3 }, "fd 6"],
      [{ kind: "fd", fd: 7 }, "fd 7"],
    ] as const
  ) {
    test(`holds ${JSON.stringify(target)} by ${found}`, async () => {
      const { takeover, events } = scene();
      await takeover.holdSocket(target, OPTIONS);
      assert.deepEqual(events, [`hold ${found}`]);
    });
  }

  test("hands each socket out once, and demands that all are used", async () => {
    const { takeover, events } = scene(SOCKETS.slice(0, 2));
    const target = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    await takeover.holdSocket(target, OPTIONS);
    await takeover.holdSocket(target, OPTIONS);
    assert.deepEqual(events, ["hold fd 4", "hold tcp"]);
    assert.throws(() => takeover.checkUsed(), {
      message:
        "Cannot take over: the configuration does not listen on unix:/run/a.sock any more, which takes a restart",
    });
    await takeover.holdSocket({ kind: "unix", path: "/run/a.sock" }, OPTIONS);
    takeover.checkUsed();
  });

  test("owns the path of a UNIX socket only when it was handed over", async () => {
    const { takeover, link, events } = scene();
    const held = await takeover.holdSocket(
      { kind: "unix", path: "/run/a.sock" },
      OPTIONS,
    );
    await held.close();
    assert.deepEqual(events.splice(0), ["hold fd 5", "close fd 5"]);
    const done = takeover.complete();
    await settle();
    assert.deepEqual(events.splice(0), ["send upgraded"]);
    link.onMessage!({ kind: "other" });
    link.onMessage!({ kind: "handedOver" });
    await done;
    await held.close();
    assert.deepEqual(events, [
      "close link",
      "adopt /run/a.sock",
      "remove /run/a.sock",
      "close fd 5",
    ]);
  });

  test("leaves the path of an inherited socket to whoever has bound it", async () => {
    const { takeover, link, events } = scene([{
      target: { kind: "fd", fd: 3, option: "--bind" },
      address: { kind: "unix", path: "/run/systemd.sock" },
      fd: 4,
    }]);
    const held = await takeover.holdSocket({ kind: "fd", fd: 3 }, OPTIONS);
    const done = takeover.complete();
    link.onMessage!({ kind: "handedOver" });
    await done;
    await held.close();
    assert.deepEqual(events, [
      "hold fd 4",
      "send upgraded",
      "close link",
      "close fd 4",
    ]);
  });

  test("serves on if the old parent is gone before it has answered", async () => {
    const { takeover, link } = scene();
    const done = takeover.complete();
    link.onLost!();
    await done;
    const other = scene();
    other.link.onLost!();
    assert.equal(other.takeover.isLost, true);
    await other.takeover.complete();
  });

  test("passes on what the old parent counts until it has told the last", async () => {
    const { takeover, link, events } = scene();
    const done = takeover.complete(heirOf(events));
    link.onMessage!({ kind: "handedOver", counted: COUNTED });
    await done;
    link.onMessage!({ kind: "counted", counted: COUNTED, isLast: false });
    link.onMessage!({ kind: "other" });
    const isDrained = () =>
      Promise.race([
        takeover.drained.then(() => true),
        settle().then(() => false),
      ]);
    assert.equal(await isDrained(), false);
    link.onMessage!({ kind: "counted", counted: COUNTED, isLast: true });
    assert.equal(await isDrained(), true);
    link.onLost!();
    assert.deepEqual(events, [
      "send upgraded",
      "inherit 3",
      "inherit 3",
      "inherit 3",
      "inherit all",
      "send countedKept",
      "inherit all",
      "close link",
    ]);
  });

  test("keeps what an old parent had told that is killed while it drains", async () => {
    const { takeover, link, events } = scene();
    const done = takeover.complete(heirOf(events));
    link.onMessage!({ kind: "handedOver", counted: COUNTED });
    await done;
    link.onLost!();
    await takeover.drained;
    assert.deepEqual(events.slice(1), [
      "inherit 3",
      "inherit all",
      "close link",
    ]);
  });

  for (
    const [who, message, heir] of [
      ["an old parent that knows nothing of counts", undefined, true],
      ["a new parent that counts nothing", COUNTED, false],
    ] as const
  ) {
    test(`hands over without counts from or to ${who}`, async () => {
      const { takeover, link, events } = scene();
      const done = takeover.complete(heir ? heirOf(events) : undefined);
      link.onMessage!({ kind: "handedOver", counted: message });
      await done;
      await takeover.drained;
      assert.deepEqual(events, ["send upgraded", "close link"]);
    });
  }
});
