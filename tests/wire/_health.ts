/** Servers whose health is asked for. */
import {
  type ClientTarget,
  exchange,
  pause,
  type RawResponse,
  request,
} from "../_support/raw_client.ts";
import { ServerProcess, targetFor } from "../_support/spawn_server.ts";

/** The application, which the variables `HEALTH_…` tell what to do. */
export const HEALTH_APP = "health:app";

/** Asks the admin listener of `server`, which is waited for. */
export async function askAdmin(
  server: ServerProcess,
  path: string,
  method = "GET",
): Promise<RawResponse> {
  return await exchange(
    await adminTarget(server),
    request(`${method} ${path}`),
  );
}

/** Where the admin listener is, once the log says so. */
export async function adminTarget(
  server: ServerProcess,
): Promise<ClientTarget> {
  const line = await server.line("stderr", /Admin listener on /);
  return targetFor(/Admin listener on (\S+)/.exec(line)![1]!);
}

/** What `/readyz?verbose` and `/livez?verbose` tell. */
export interface Report {
  readonly status: "ok" | "failed";
  readonly reason?: string;
  readonly workers: readonly {
    readonly slot: number;
    readonly pid: number;
    readonly phase: string;
    readonly isReady?: boolean;
    readonly reason?: string;
    readonly blockedSeconds: number;
  }[];
}

/** Asks until the report is as the test wants it. */
export async function reportUntil(
  server: ServerProcess,
  path: "/livez" | "/readyz",
  isWanted: (report: Report) => boolean,
): Promise<Report> {
  let last: Report | undefined;
  for (let tries = 0; tries < 600; tries++) {
    last = JSON.parse((await askAdmin(server, `${path}?verbose`)).body);
    if (isWanted(last!)) return last!;
    await pause(100);
  }
  throw new Error(
    `${path} has never been as wanted: ${
      JSON.stringify(last)
    }\n${server.output}`,
  );
}

/** Runs `use` with a server that need not be ready, and kills it afterwards. */
export async function withStarting(
  args: readonly string[],
  use: (server: ServerProcess) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const server = new ServerProcess({ app: HEALTH_APP, args, env });
  try {
    await use(server);
  } catch (error) {
    if (error instanceof Error) {
      error.message += `\n--- server ---\n${server.output}`;
    }
    throw error;
  } finally {
    await server.kill();
  }
}
