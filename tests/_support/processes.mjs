// Runs programs to their end, and leaves none behind. Plain JavaScript for Node 20 and later.
import { spawn } from "node:child_process";
import process from "node:process";

const groups = new Set();
process.on("exit", () => {
  for (const pid of groups) killGroup(pid);
});
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) {
  process.on(signal, () => process.exit(code));
}

function killGroup(pid) {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/**
 * Runs a program to its end and collects what it wrote. Servers that it has started and left
 * running end with it.
 */
export function run(program, args, { cwd, env = {}, limitMs }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    let output = "";
    let isLate = false;
    const collect = (text) => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
    }, limitMs);
    const end = (code) => {
      clearTimeout(timer);
      if (child.pid !== undefined) {
        groups.delete(child.pid);
        killGroup(child.pid);
      }
      resolve({
        code,
        output,
        isLate,
        seconds: (performance.now() - started) / 1000,
      });
    };
    if (child.pid !== undefined) groups.add(child.pid);
    child.on("error", (error) => {
      output += `${error.message}\n`;
      end(-1);
    });
    child.on("exit", () => {
      if (child.pid !== undefined) killGroup(child.pid);
    });
    child.on("close", (code) => end(code ?? -1));
  });
}

/** The last lines of a text. */
export function tail(text, lines) {
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}
