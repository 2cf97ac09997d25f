/** Tests that need more than npm brings: skipped with a reason, or failed where CI promised it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import process from "node:process";

const told = new Set<string>();

/**
 * The reason to skip a test, for its `skip` option; `false` to run it. The test runner shows the
 * lines that begin with `# skipped:` at its end.
 */
function skipped(reason: string): string {
  if (!told.has(reason)) console.log(`# skipped: ${reason}`);
  told.add(reason);
  return reason;
}

/**
 * Whether to skip because a program is missing.
 *
 * @param program Name on the path, such as `"curl"`.
 * @throws Under `CI=true`: there a missing program is a failure, not a reason.
 */
export function needsProgram(program: string): string | false {
  const { error } = spawnSync(program, ["--version"], { timeout: 30_000 });
  if (error === undefined) return false;
  const reason = `tests with ${program}: it is not installed`;
  if (process.env.CI === "true") throw new Error(`Cannot run ${reason}`);
  return skipped(reason);
}

/**
 * Whether to skip because this user cannot make a process PID 1 of a namespace, as the command of a
 * container is.
 */
export function needsPidNamespace(): string | false {
  const flags = ["--pid", "--fork", "--mount-proc", "true"];
  const { status } = spawnSync("unshare", flags, { timeout: 30_000 });
  return status === 0
    ? false
    : skipped("tests as PID 1: there is no unshare, or it is not permitted");
}

/** Where Debian puts what lets nginx pass connections on as they are. */
export const NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** Whether to skip because nginx or its stream module is missing; throws as `needsProgram` does. */
export function needsNginxStream(): string | false {
  if (existsSync(NGINX_STREAM)) return needsProgram("nginx");
  const reason = "tests with nginx's stream module: it is not installed";
  if (process.env.CI === "true") throw new Error(`Cannot run ${reason}`);
  return skipped(reason);
}

/** Debian's Python: virtual environments would hide its packages. */
export const PYTHON = "/usr/bin/python3";

/** Whether to skip because Debian's python3-websockets is missing; throws as `needsProgram` does. */
export function needsPythonWebsockets(): string | false {
  const { status } = spawnSync(PYTHON, ["-c", "import websockets.legacy"], {
    timeout: 30_000,
  });
  if (status === 0) return false;
  const reason = "tests with python3-websockets: it is not installed";
  if (process.env.CI === "true") throw new Error(`Cannot run ${reason}`);
  return skipped(reason);
}

/** Whether to skip because Debian's python3-prometheus-client is missing; throws as `needsProgram` does. */
export function needsPrometheusClient(): string | false {
  const { status } = spawnSync(PYTHON, ["-c", "import prometheus_client"], {
    timeout: 30_000,
  });
  if (status === 0) return false;
  const reason = "tests with python3-prometheus-client: it is not installed";
  if (process.env.CI === "true") throw new Error(`Cannot run ${reason}`);
  return skipped(reason);
}

/** Whether to skip because this machine has no `::1`. */
export function needsIpv6(): string | false {
  const addresses = Object.values(networkInterfaces()).flat();
  const hasLoopback = addresses.some((address) => address?.address === "::1");
  return hasLoopback ? false : skipped("tests with IPv6: there is no ::1 here");
}
