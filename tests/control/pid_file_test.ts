import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { isAlive, PidFile } from "../../src/control/pid_file.ts";
import { ConfigError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-pid-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function place(content?: string): string {
  const path = join(folder, `${++count}.pid`);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

function refusal(call: () => void): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.exitCode, 3);
    return error.message;
  }
  throw new Error("expected a refusal");
}

const always = () => true;
const never = () => false;

describe("PidFile", () => {
  test("holds the id and a line end, and goes at the end", () => {
    const path = place();
    const file = new PidFile(path);
    file.check();
    assert.equal(existsSync(path), false);
    file.write();
    assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
    file.remove();
    assert.equal(existsSync(path), false);
    file.remove();
  });

  test("of a living server is refused, and stays as it is", () => {
    const path = place("4711\n");
    const file = new PidFile(path, 1, always);
    const message =
      `Cannot use pid file '${path}' (--pid-file): process 4711 runs already`;
    assert.equal(refusal(() => file.check()), message);
    assert.equal(refusal(() => file.write()), message);
    file.remove();
    assert.equal(readFileSync(path, "utf8"), "4711\n");
  });

  test("is refused where nobody may know whether its process runs", () => {
    const file = new PidFile(place("4711\n"), 1, () => "unknown");
    assert.match(
      refusal(() => file.check()),
      /: process 4711 may still run, which Deno does not tell without --allow-run$/,
    );
  });

  for (
    const [name, content] of [
      ["a dead one", "4711\n"],
      ["nobody", ""],
      ["this process, as in a container that was restarted", "99"],
    ] as const
  ) {
    test(`of ${name} is replaced`, () => {
      const path = place(content);
      const file = new PidFile(path, 99, never);
      file.check();
      file.write();
      assert.equal(readFileSync(path, "utf8"), "99\n");
      file.remove();
    });
  }

  test("is taken over from a living server that hands it over", () => {
    const path = place("4711\n");
    const file = new PidFile(path, 99, always);
    file.write(true);
    assert.equal(readFileSync(path, "utf8"), "99\n");
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes(".pid.")),
      [],
    );
    file.remove();
  });

  test("that is left to another process is never removed", () => {
    const path = place();
    const file = new PidFile(path, 99, never);
    file.write();
    file.leave();
    // The other one may write it any time later.
    file.remove();
    assert.equal(readFileSync(path, "utf8"), "99\n");
  });

  test("that has become another's is not removed", () => {
    const path = place();
    const file = new PidFile(path, 99, never);
    file.write();
    writeFileSync(path, "100\n");
    file.remove();
    assert.equal(readFileSync(path, "utf8"), "100\n");
  });

  test("that is no pid file is left alone", () => {
    for (const text of ["export const app = 1;\n", "0", "-5", "12 34"]) {
      const path = place(text);
      const file = new PidFile(path, 99, never);
      assert.match(
        refusal(() => file.write()),
        /it holds no process id but '.*', and is left alone$/,
      );
      assert.equal(readFileSync(path, "utf8"), text);
    }
  });

  test("shows none of the control characters of a wrong file", () => {
    const path = place("\x1b[2J\n");
    assert.match(
      refusal(() => new PidFile(path).check()),
      /but '\\x1b\[2J\\n'/,
    );
  });

  test("replaces a symbolic link, not what it leads to", () => {
    const target = place("4711\n");
    const path = place();
    symlinkSync(target, path);
    const file = new PidFile(path, 99, never);
    file.write();
    assert.equal(readFileSync(target, "utf8"), "4711\n");
    assert.equal(readFileSync(path, "utf8"), "99\n");
    file.remove();
  });

  test("in a folder that does not exist, or that is one, is refused", () => {
    const path = join(folder, "none", "a.pid");
    assert.equal(
      refusal(() => new PidFile(path).write()),
      `Cannot use pid file '${path}' (--pid-file): the directory does not exist`,
    );
    const directory = join(folder, "directory.pid");
    mkdirSync(directory);
    assert.match(
      refusal(() => new PidFile(directory).check()),
      /: it is a directory$/,
    );
  });

  test("in a folder that may not be written to is refused", {
    skip: process.getuid?.() === 0 ? "root may write everywhere" : false,
  }, () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    assert.match(
      refusal(() => new PidFile(join(closed, "a.pid")).write()),
      /: permission denied$/,
    );
  });
});

describe("isAlive()", () => {
  test("knows a process that runs from one that has ended", async () => {
    const path = place("");
    assert.equal(isAlive(process.pid, path), true);
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    const { pid } = child;
    await new Promise((resolve) => child.on("exit", resolve));
    assert.equal(isAlive(pid!, path), false);
  });

  test(
    "takes an id for used again if its process began after the file was written",
    {
      skip: process.platform === "linux" ? false : "needs /proc",
    },
    () => {
      const path = place("");
      utimesSync(path, 1_000_000, 1_000_000);
      assert.equal(isAlive(process.pid, path), false);
    },
  );
});
