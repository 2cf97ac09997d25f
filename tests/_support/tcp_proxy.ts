/**
 * HAProxy and nginx as proxies that pass connections on byte by byte, with a configuration that a
 * test writes. Each has a folder of its own and listens there, on UNIX sockets, or on a free port.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { NGINX_STREAM } from "./needs.ts";
import { pause, RawClient } from "./raw_client.ts";

/** Time to start, in tries of 20 milliseconds. */
const TRIES = 500;

/** One proxy. */
export class TcpProxy {
  /** Where its clients find it. */
  readonly target: { readonly host: string; readonly port: number };
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #exited: Promise<void>;

  private constructor(
    folder: string,
    port: number,
    program: string,
    args: readonly string[],
  ) {
    this.#folder = folder;
    this.target = { host: "127.0.0.1", port };
    const child = this.#child = spawn(program, args, { stdio: "ignore" });
    const kill = () => child.kill("SIGKILL");
    process.on("exit", kill);
    this.#exited = new Promise((resolve) => {
      for (const event of ["close", "error"]) {
        child.on(event, () => {
          process.off("exit", kill);
          resolve();
        });
      }
    });
  }

  /**
   * Starts HAProxy and waits until it answers connections.
   *
   * @param servers Lines of its backend, such as `server one 127.0.0.1:8000 send-proxy-v2`.
   * @param front What else its frontend says, such as `ssl crt x.pem` behind the address.
   */
  static async haproxy(
    servers: readonly string[],
    front: string = "",
  ): Promise<TcpProxy> {
    const folder = await mkdtemp(join(tmpdir(), "haproxy-"));
    const port = await freePort();
    const file = join(folder, "haproxy.cfg");
    await writeFile(
      file,
      `
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  retries 10
  option redispatch 1
frontend front
  bind 127.0.0.1:${port} ${front}
  default_backend back
backend back
  ${servers.join("\n  ")}
`,
    );
    const proxy = new TcpProxy(folder, port, "haproxy", ["-db", "-f", file]);
    return await proxy.#whenReady();
  }

  /**
   * Starts nginx, which sends headers of version 1, and waits until it answers connections.
   *
   * @param upstream In its words: `127.0.0.1:8000`, `unix:/a/b.sock`.
   */
  static async nginx(upstream: string): Promise<TcpProxy> {
    const folder = await mkdtemp(join(tmpdir(), "nginx-stream-"));
    const port = await freePort();
    await writeFile(
      join(folder, "nginx.conf"),
      `
load_module ${NGINX_STREAM};
daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 512; }
stream {
  server {
    listen 127.0.0.1:${port};
    proxy_pass ${upstream};
    proxy_protocol on;
  }
}
`,
    );
    const log = join(folder, "error.log");
    const args = ["-p", folder, "-e", log, "-c", "nginx.conf"];
    return await new TcpProxy(folder, port, "nginx", args).#whenReady();
  }

  async #whenReady(): Promise<this> {
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        (await RawClient.connect(this.target)).close();
        return this;
      } catch {
        await pause(20);
      }
    }
    const log = await readFile(join(this.#folder, "error.log"), "utf8").catch(
      () => "",
    );
    await this.stop();
    throw new Error(`The proxy has not started:\n${log}`);
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
