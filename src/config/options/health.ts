/** How a server shows its health to probes, and notices that it stands still. */
import { ipOctets } from "../../text/ip_octets.ts";
import { bindText, readBind } from "./bind_address.ts";
import { checkProbe } from "./checks.ts";
import { type OptionTable, SOME_SECONDS } from "./definition.ts";
import { quote, type Verdict } from "./value_types.ts";

/** Probes, and the watchdog: checked and complete. */
export interface HealthOptions {
  /**
   * Address of a second listener, for probes and metrics alone: `host:port`, `[v6]:port` or
   * `unix:path`, whose socket is open to the same user alone. With workers the parent answers there.
   * `serve()` opens none. Default: `undefined`, none.
   */
  readonly adminBind: string | undefined;
  /** Whether `adminBind` may be an address that other machines reach. Default: false. */
  readonly adminPublic: boolean;
  /**
   * Seconds for which the event loop of a worker may stand still before `/livez` answers 503; at least
   * 0.1. Default: 10.
   */
  readonly timeoutLiveness: number;
  /**
   * Path at which the ordinary listeners tell whether the server is ready, before the application is
   * asked and without a line in the access log: as it stands in the request line, without
   * `rootPath`. Default: `undefined`, none.
   */
  readonly healthPath: string | undefined;
  /**
   * Path, with its query if wanted, that the application has to answer below 400 to be ready: asked
   * when readiness is, every 5 seconds at most. Default: `undefined`, it is not asked.
   */
  readonly readyProbe: string | undefined;
  /**
   * Seconds for which the event loop may stand still before the log names the requests that were
   * running; at least 0.1. Default: `undefined`, it is not
   * watched.
   */
  readonly watchdog: number | undefined;
}

/** See {@linkcode HealthOptions}. */
export const HEALTH_OPTIONS: OptionTable<HealthOptions> = {
  adminBind: {
    group: "Health",
    flag: "--admin-bind",
    type: { kind: "text", metavar: "ADDRESS" },
    default: undefined,
    check: checkAdminBind,
    help:
      "Answer /livez, /readyz and /metrics on this address too: host:port, [v6]:port or unix:path.",
  },
  adminPublic: {
    group: "Health",
    flag: "--admin-public",
    type: { kind: "boolean" },
    default: false,
    help: "Let --admin-bind be an address that other machines can reach.",
  },
  timeoutLiveness: {
    group: "Health",
    flag: "--timeout-liveness",
    type: SOME_SECONDS,
    default: 10,
    help:
      "Time for which a worker's event loop may stand still before /livez answers 503.",
  },
  healthPath: {
    group: "Health",
    flag: "--health-path",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkHealthPath,
    help:
      "Tell at this path of the ordinary listeners whether the server is ready (200) or not (503), " +
      "without asking the application to handle the request.",
  },
  readyProbe: {
    group: "Health",
    flag: "--ready-probe",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkProbe,
    help:
      "Count as ready only while the application answers a GET of this path with a status below " +
      "400, within 2 seconds.",
  },
  watchdog: {
    group: "Health",
    flag: "--watchdog",
    type: SOME_SECONDS,
    default: undefined,
    defaultText: "off",
    help:
      "Name the requests that were running in the log when the event loop stands still for longer " +
      "than this.",
  },
};

/** Whether somebody may ask a server for its health. */
export function wantsHealth(
  { adminBind, healthPath }: HealthOptions,
): boolean {
  return adminBind !== undefined || healthPath !== undefined;
}

/**
 * What is wrong with the address of the admin listener; `undefined` if nothing is.
 *
 * @param show Names an option as it was given.
 */
export function adminProblem(
  { adminBind, adminPublic }: {
    readonly [K in keyof HealthOptions]?: HealthOptions[K] | undefined;
  },
  show: (name: keyof HealthOptions) => string,
): string | undefined {
  if (adminBind === undefined || adminPublic === true) return undefined;
  const verdict = readBind(adminBind);
  const isHere = "value" in verdict &&
    (verdict.value.kind !== "tcp" || isLoopback(verdict.value.host));
  return isHere
    ? undefined
    : `Cannot use ${
      show("adminBind")
    } ${adminBind}: other machines may reach this address, expected a ` +
      `loopback address, or ${show("adminPublic")}`;
}

function checkHealthPath(path: string): Verdict<string> {
  const verdict = checkProbe(path);
  return "problem" in verdict || !/[?#]/.test(path) ? verdict : {
    problem: `${
      quote(path)
    } is not a path alone: it has a query or a fragment.`,
  };
}

function checkAdminBind(text: string): Verdict<string> {
  const verdict = readBind(text);
  const isUsable = "value" in verdict && (verdict.value.kind === "unix" ||
    (verdict.value.kind === "tcp" && /:\d+$/.test(text)));
  if (isUsable) return { value: bindText(verdict.value) };
  return {
    problem: `${
      quote(text)
    } is not an address: expected 'host:port', '[v6]:port' or 'unix:path'.`,
  };
}

function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  const octets = ipOctets(host.split("%")[0]!);
  if (octets === undefined) return false;
  return octets.length === 4
    ? octets[0] === 127
    : octets[15] === 1 && octets.subarray(0, 15).every((octet) => octet === 0);
}
