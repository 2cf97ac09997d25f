/** A folder with an application, and a server that is started anew when it changes. */
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess, type ServerStart } from "../_support/spawn_server.ts";

/** The source of an application that answers with `body`, a JavaScript expression. */
export function source(body: string, more = ""): string {
  return `${more}
export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200, headers: [["content-type", "text/event-stream"]] });
  if (scope.path === "/stream") {
    await send({ type: "http.response.body", body: "begun", more_body: true });
    await new Promise(() => {});
  }
  await send({ type: "http.response.body", body: ${body} });
};
`;
}

/** A folder of its own, the server's working directory. */
export class Project {
  readonly folder: string = realpathSync(
    mkdtempSync(join(tmpdir(), "reload-")),
  );
  readonly #servers: ServerProcess[] = [];
  #server: ServerProcess | undefined;

  /** Writes a file, and the directories around it. */
  write(path: string, text: string): void {
    const whole = join(this.folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
  }

  /** Saves as editors do: under another name first. */
  save(path: string, text: string): void {
    this.write(`${path}.new`, text);
    renameSync(join(this.folder, `${path}.new`), join(this.folder, path));
  }

  /** Makes the symbolic link `path`, which leads to `target`. */
  link(target: string, path: string): void {
    symlinkSync(join(this.folder, target), join(this.folder, path));
  }

  /** Deletes a file, or a directory with all in it. */
  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  /** Starts the command there. */
  launch(start: Omit<ServerStart, "cwd" | "app">): this {
    this.#server = new ServerProcess({ ...start, cwd: this.folder });
    this.#servers.push(this.#server);
    return this;
  }

  /** Starts `main:app` there with a reload and waits until it listens. */
  async start(
    args: readonly string[] = [],
    mode: "--reload" | "--watch" = "--reload",
  ): Promise<ServerProcess> {
    this.launch({ args: [mode, "--port", "0", ...args, "main:app"] });
    return await this.server.ready();
  }

  /** The server. */
  get server(): ServerProcess {
    return this.#server!;
  }

  /** What it answers: waits for the server process. */
  async answer(): Promise<string> {
    return (await exchange(this.server.target, request("GET /"))).body;
  }

  /**
   * Does something and resolves when a server process has started after it.
   *
   * @returns The line that names what has changed.
   */
  async restarts(act: () => void): Promise<string> {
    const from = this.server.stderr.length;
    act();
    const line = await this.server.line("stderr", /detected changes/, from);
    await this.server.line(
      "stderr",
      /Application startup complete/,
      this.server.stderr.indexOf(line, from),
    );
    return line;
  }

  /** How often a server process has started its application. */
  get starts(): number {
    return this.server.stderr.filter((line) =>
      /Application startup complete/.test(line)
    ).length;
  }

  /** What the server wrote, for messages. */
  get output(): string {
    return `\n--- server ---\n${this.#server?.output ?? "none"}`;
  }

  /** Ends the server and removes the folder. */
  async end(): Promise<void> {
    for (const server of this.#servers) await server.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs `use` in a new project. */
export async function inProject(
  use: (project: Project) => Promise<void>,
): Promise<void> {
  const project = new Project();
  try {
    await use(project);
  } catch (error) {
    if (error instanceof Error) error.message += project.output;
    throw error;
  } finally {
    await project.end();
  }
}
