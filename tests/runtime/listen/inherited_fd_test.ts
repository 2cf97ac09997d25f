import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import {
  cannotListen,
  demandSocket,
  unixPathOf,
} from "../../../src/runtime/listen/inherited_fd.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";
import { withDirectory } from "../_wire.ts";

const skip = process.platform !== "linux" && "looks into /proc";
/** Nobody has opened so many. */
const CLOSED = 9999;

/** The descriptor below a server; on Deno a copy of it. */
function fdOf(server: Server): number {
  type Handle = { readonly fd: number; fdForIpc?(): number };
  const handle = (server as unknown as { _handle: Handle })._handle;
  return RUNTIME === "deno" ? handle.fdForIpc!() : handle.fd;
}

async function withServer(
  where: { path: string } | { port: number; host: string },
  use: (fd: number) => void,
): Promise<void> {
  const server = createServer().listen(where);
  await once(server, "listening");
  try {
    use(fdOf(server));
  } finally {
    server.close();
  }
}

test(
  "demandSocket() takes sockets",
  { skip },
  () =>
    withDirectory((directory) =>
      withServer({ path: join(directory, "s.sock") }, (fd) => {
        demandSocket({ kind: "fd", fd });
      })
    ),
);

for (const option of [undefined, "--fd"]) {
  test(
    `demandSocket() refuses a closed descriptor, from ${option}`,
    { skip },
    () => {
      assert.throws(
        () => demandSocket({ kind: "fd", fd: CLOSED, option }),
        (error: unknown) => {
          assert.ok(error instanceof ListenError);
          assert.equal(error.code, "EBADF");
          const asked = option === undefined ? "" : ` (${option})`;
          const start =
            `Cannot listen on file descriptor ${CLOSED}${asked}: it is ` +
            "not open, expected a TCP or UNIX socket that listens or is bound";
          assert.equal(error.message.slice(0, start.length), start);
          assert.match(error.message, /npx, .*bunx/);
          return true;
        },
      );
    },
  );
}

test("cannotListen() words what the kernel says of something else", () => {
  for (const code of ["EINVAL", "ENOTSOCK"]) {
    const cause = Object.assign(new Error("os text"), { code });
    const error = cannotListen({ kind: "fd", fd: 0 }, cause);
    assert.ok(error instanceof ListenError);
    assert.equal(error.code, "EINVAL");
    assert.equal(error.cause, cause);
    assert.equal(
      error.message,
      "Cannot listen on file descriptor 0: it cannot accept connections, " +
        "expected a TCP or UNIX socket that listens or is bound",
    );
  }
});

test("cannotListen() passes on what is no fault of the descriptor", () => {
  const cause = Object.assign(new Error("os text"), { code: "EMFILE" });
  assert.equal(cannotListen({ kind: "fd", fd: 3 }, cause), cause);
});

test(
  "unixPathOf() finds the path, spaces included",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = join(directory, "a path.sock");
      return withServer({ path }, (fd) => assert.equal(unixPathOf(fd), path));
    }),
);

test("unixPathOf() finds nothing where there is nothing to find", async () => {
  assert.equal(unixPathOf(CLOSED), "");
  await withServer(
    { port: 0, host: "127.0.0.1" },
    (fd) => assert.equal(unixPathOf(fd), ""),
  );
});
