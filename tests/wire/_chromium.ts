/** A headless Chromium, told what to do through its debugging protocol. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** The name of the program. */
export const CHROMIUM = "chromium";

/** Time for the browser to start, or for a page to become what is expected, in milliseconds. */
const PATIENCE_MS = 30_000;

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One browser. The caller closes it. */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #nextId = 0;

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    };
  }

  /** Starts a browser with a profile of its own. */
  static async start(): Promise<Chromium> {
    const folder = mkdtempSync(join(tmpdir(), "tricorn-chromium-"));
    const child = spawn(
      CHROMIUM,
      [...FLAGS, `--user-data-dir=${folder}`, "about:blank"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    try {
      const url = await debuggingUrl(child);
      const socket = new WebSocket(url);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
      });
      return new Chromium(child, folder, socket);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** One command of the protocol. */
  async command(
    method: string,
    params: Record<string, unknown> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#nextId;
    const answered = new Promise<Reply>((resolve) =>
      this.#waiting.set(id, resolve)
    );
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Opens a tab. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.command("Target.createTarget", { url });
    const { sessionId } = await this.command("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    return new Page(this, String(targetId), String(sessionId));
  }

  /** Ends the browser and removes its profile. */
  async close(): Promise<void> {
    const child = this.#child;
    const ended = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once("exit", () => resolve());
    });
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await this.command("Browser.close").catch(() => {});
    await ended;
    clearTimeout(late);
    this.#socket.close();
    // Its helpers may still be writing.
    rmSync(this.#folder, {
      recursive: true,
      force: true,
      maxRetries: 10,
      retryDelay: 100,
    });
  }
}

function debuggingUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(
      () => reject(new Error(`Chromium does not start:\n${said}`)),
      PATIENCE_MS,
    );
    child.once("error", reject);
    child.once(
      "exit",
      (code) => reject(new Error(`Chromium ended with ${code}:\n${said}`)),
    );
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found[1]!);
    });
  });
}

/** One tab. */
export class Page {
  readonly #browser: Chromium;
  readonly #targetId: string;
  readonly #sessionId: string;

  constructor(browser: Chromium, targetId: string, sessionId: string) {
    this.#browser = browser;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  /** One command of the protocol, for this tab. */
  command(
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<Record<string, unknown>> {
    return this.#browser.command(method, params, this.#sessionId);
  }

  /** The value of an expression, as JSON carries it. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#browser.command(
      "Runtime.evaluate",
      { expression, returnByValue: true, awaitPromise: true },
      this.#sessionId,
    );
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return (result as { readonly value?: unknown }).value;
  }

  /** Resolves when an expression's value is true. @param shown Evaluated for the error if it never is. */
  async until(
    expression: string,
    shown: string = "document.body.innerText",
  ): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (await this.evaluate(expression) !== true) {
      if (Date.now() > deadline) {
        throw new Error(
          `Waited too long for ${expression}; the page shows:\n${await this
            .evaluate(shown)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Closes the tab. */
  async close(): Promise<void> {
    await this.#browser.command("Target.closeTarget", {
      targetId: this.#targetId,
    });
  }
}
