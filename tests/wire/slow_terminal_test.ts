/** A terminal that nobody reads: the server answers on, and says later what the terminal missed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { needsProgram, PYTHON } from "../_support/needs.ts";
import { commandLine, ROOT } from "../_support/this_runtime.ts";

/**
 * Runs a command on a terminal of its own, reads nothing of it while the command answers requests
 * whose lines are long, and then everything. Prints what came.
 */
const SLOW_TERMINAL = `
import os, pty, re, signal, socket, sys
command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0: os.execv(command[0], command)
seen = b""
while not re.search(rb"running on.*:[0-9]+", seen): seen += os.read(terminal, 4096)
port = int(re.search(rb"running on[^\\r\\n]*?:([0-9]+)", re.sub(rb"\\x1b\\[[0-9;]*m", b"", seen)).group(1))
peer = socket.create_connection(("127.0.0.1", port), 30)
answers, received = 0, b""
request = b"GET /" + b"x" * 4000 + b" HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n"
for _ in range(600):
    peer.sendall(request)
    while b"200 OK" not in received: received += peer.recv(65536)
    answers, received = answers + 1, b""
print("answers", answers)
text = b""
# The warning comes behind what had waited.
while not re.search(rb"ropped[^\\n]*\\n", text): text += os.read(terminal, 65536)
os.kill(pid, signal.SIGINT)
while True:
    try: piece = os.read(terminal, 65536)
    except OSError: break
    if not piece: break
    text += piece
lines = text.replace(b"\\r", b"").split(b"\\n")
whole = [line for line in lines if line.endswith(b'HTTP/1.1" 200 OK') or b"200" in line[-20:]]
print("lines fewer", 0 < len(whole) < 600)
for line in lines:
    if b"ropped" in line: print(re.sub(rb"\\x1b\\[[0-9;]*m", b"", line).decode())
print("code", os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
`;

describe("a terminal that is not read", { skip: needsProgram(PYTHON) }, () => {
  test("delays no answer, and is told how many lines it missed", () => {
    const { program, args } = commandLine("cli.ts", [
      "--app-dir",
      `${ROOT}/tests/wire/apps`,
      "scripted:app",
      "--port",
      "0",
    ]);
    const { stdout, stderr } = spawnSync(
      PYTHON,
      ["-c", SLOW_TERMINAL, program, ...args],
      { encoding: "utf8", timeout: 120_000 },
    );
    assert.match(
      stdout,
      /^answers 600\nlines fewer True\n.*ropped \d+ .*\ncode 0\n$/s,
      stderr,
    );
  });
});
