/**
 * HAProxy, nginx and Caddy on a free port: as proxies that pass connections on byte by byte, or with a
 * configuration that a test writes. Each has a folder of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { freePort } from "../_support/free_port.ts";
import { NGINX_STREAM } from "../_support/needs.ts";
import { pause, RawClient } from "../_support/raw_client.ts";

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
    const child = this.#child = spawn(program, args, {
      stdio: "ignore",
      // Where Caddy keeps what it makes.
      env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
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
  static haproxy(
    servers: readonly string[],
    front: string = "",
  ): Promise<TcpProxy> {
    return TcpProxy.haproxyWith((address) => `
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  retries 10
  option redispatch 1
frontend front
  bind ${address} ${front}
  default_backend back
backend back
  ${servers.join("\n  ")}
`);
  }

  /**
   * Starts nginx, which sends headers of version 1, and waits until it answers connections.
   *
   * @param upstream In its words: `127.0.0.1:8000`, `unix:/a/b.sock`.
   */
  static nginx(upstream: string): Promise<TcpProxy> {
    return TcpProxy.nginxWith((address) => `
stream {
  server {
    listen ${address};
    proxy_pass ${upstream};
    proxy_protocol on;
  }
}
`, `load_module ${NGINX_STREAM};`);
  }

  /** Starts HAProxy with a file that is told the address to listen on. */
  static async haproxyWith(
    configure: (address: string) => string,
  ): Promise<TcpProxy> {
    const folder = await mkdtemp(join(tmpdir(), "haproxy-"));
    const port = await freePort();
    const file = join(folder, "haproxy.cfg");
    await writeFile(file, configure(`127.0.0.1:${port}`));
    const proxy = new TcpProxy(folder, port, "haproxy", ["-db", "-f", file]);
    return await proxy.#whenReady();
  }

  /**
   * Starts nginx with a block, `http` or `stream`, that is told the address to listen on.
   *
   * @param first What its file begins with.
   */
  static async nginxWith(
    configure: (address: string) => string,
    first: string = "",
  ): Promise<TcpProxy> {
    const folder = await mkdtemp(join(tmpdir(), "nginx-"));
    const port = await freePort();
    await writeFile(
      join(folder, "nginx.conf"),
      `
${first}
daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 512; }
${configure(`127.0.0.1:${port}`)}
`,
    );
    const log = join(folder, "error.log");
    const args = ["-p", folder, "-e", log, "-c", "nginx.conf"];
    return await new TcpProxy(folder, port, "nginx", args).#whenReady();
  }

  /** Starts Caddy with a file that is told the address to listen on. */
  static async caddyWith(
    configure: (address: string) => string,
  ): Promise<TcpProxy> {
    const folder = await mkdtemp(join(tmpdir(), "caddy-"));
    const port = await freePort();
    const file = join(folder, "Caddyfile");
    await writeFile(
      file,
      `{
  admin off
  auto_https off
  log {
    output file ${join(folder, "error.log")}
  }
}
${configure(`127.0.0.1:${port}`)}
`,
    );
    const args = ["run", "--config", file, "--adapter", "caddyfile"];
    return await new TcpProxy(folder, port, "caddy", args).#whenReady();
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
