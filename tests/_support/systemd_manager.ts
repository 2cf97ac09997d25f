/** A manager of services that keeps what it is told: Python has the sockets that runtimes lack. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { PYTHON } from "./needs.ts";
import { pause } from "./raw_client.ts";
import { ROOT } from "./this_runtime.ts";

const PROGRAM = join(ROOT, "tests/runtime/process/_systemd.py");

/** One notify socket. */
export class SystemdManager {
  /** Each message, and the process that it came from. */
  readonly heard: { readonly text: string; readonly pid: number }[] = [];
  readonly #child: ChildProcess;
  #isUp = false;

  private constructor(socket: string) {
    const child = this.#child = spawn(PYTHON, [PROGRAM, socket], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const message = JSON.parse(line);
        if (message === "up") this.#isUp = true;
        else this.heard.push(message);
      }
    });
  }

  /** Listens at `socket`. The caller closes it. */
  static async open(socket: string): Promise<SystemdManager> {
    const manager = new SystemdManager(socket);
    await manager.#until(() => manager.#isUp, "up");
    return manager;
  }

  /** Waits for a message that holds `text`, from the `from`th on. */
  async until(text: string, from = 0): Promise<void> {
    await this.#until(
      () => this.heard.slice(from).some((one) => one.text.includes(text)),
      text,
    );
  }

  async #until(isDone: () => boolean, what: string): Promise<void> {
    for (let i = 0; !isDone(); i++) {
      if (i > 6000) {
        throw new Error(
          `The manager has not heard ${what}: ${JSON.stringify(this.heard)}`,
        );
      }
      await pause(10);
    }
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }
}
