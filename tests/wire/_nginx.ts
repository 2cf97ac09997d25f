/**
 * nginx in front of a server, with the configuration that docs/reverse_proxies.md shows. It listens on
 * a UNIX socket in a folder of its own, so that no two tests meet.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type ClientTarget, pause, RawClient } from "../_support/raw_client.ts";

/** Time to start and to stop, in tries of 20 milliseconds. */
const TRIES = 500;

/** One nginx. */
export class Nginx {
  /** Where its clients find it. */
  readonly target: ClientTarget;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #exited: Promise<void>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.target = { path: join(folder, "front.sock") };
    const child = this.#child = spawn(
      "nginx",
      ["-p", folder, "-e", join(folder, "error.log"), "-c", "nginx.conf"],
      { stdio: "ignore" },
    );
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
   * Starts it and waits until it answers connections.
   *
   * @param upstreams Where the servers are, in nginx's words: `127.0.0.1:8000`, `unix:/a/b.sock`.
   */
  static async start(upstreams: readonly string[]): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), "nginx-"));
    await mkdir(join(folder, "temp"));
    await writeFile(
      join(folder, "nginx.conf"),
      configuration(folder, upstreams),
    );
    const nginx = new Nginx(folder);
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        (await RawClient.connect(nginx.target)).close();
        return nginx;
      } catch {
        await pause(20);
      }
    }
    const log = await nginx.errors();
    await nginx.stop();
    throw new Error(`nginx has not started:\n${log}`);
  }

  /** What it complains of. */
  async errors(): Promise<string> {
    return await readFile(join(this.#folder, "error.log"), "utf8").catch(
      () => "",
    );
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, upstreams: readonly string[]): string {
  const servers = upstreams.map((upstream) =>
    // One failed connect must not take a server out for seconds: it may be back at once.
    `server ${upstream} max_fails=0;`
  );
  return `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log error.log warn;
    events { worker_connections 512; }
    http {
      access_log off;
      client_body_temp_path temp/body;
      proxy_temp_path temp/proxy;
      fastcgi_temp_path temp/fastcgi;
      uwsgi_temp_path temp/uwsgi;
      scgi_temp_path temp/scgi;
      map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      '';
      }
      upstream tricorn {
        ${servers.join("\n        ")}
        keepalive 64;
      }
      server {
        listen unix:${folder}/front.sock;
        client_max_body_size 0;
        keepalive_requests 1000000;
        location / {
          proxy_pass http://tricorn;
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_upgrade;
          proxy_buffering off;
          proxy_request_buffering off;
        }
      }
    }
  `;
}
