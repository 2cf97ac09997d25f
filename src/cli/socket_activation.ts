/**
 * Socket activation (sd_listen_fds(3)): a supervisor passes `LISTEN_FDS` sockets, from descriptor 3
 * up, to the process `LISTEN_PID`.
 */
import { ConfigError } from "../errors.ts";
import { printable } from "../text/printable.ts";

/** First descriptor passed: 0 to 2 are the standard streams. */
const FIRST_FD = 3;
/** Upper bound against nonsense: more than any supervisor passes. */
const MAX_FDS = 1024;

/** The sockets that were passed. */
export interface Activation {
  /** In the format of `--bind`; empty if there are none. */
  readonly addresses: readonly string[];
  /** A warning for the operator, as a sentence. */
  readonly warning?: string;
}

/**
 * Reads `LISTEN_FDS` and `LISTEN_PID`.
 *
 * @param env Looks an environment variable up.
 * @param pid Id of this process.
 * @throws ConfigError if `LISTEN_FDS` is for this process and is not a number.
 */
export function socketActivation(
  env: (name: string) => string | undefined,
  pid: number,
): Activation {
  const count = env("LISTEN_FDS");
  if (count === undefined || count === "") return { addresses: [] };
  const owner = env("LISTEN_PID");
  if (owner !== String(pid)) {
    // Child processes inherit the variables, but often not the descriptors.
    const whose = owner === undefined || owner === ""
      ? "LISTEN_PID is not set"
      : `LISTEN_PID is '${printable(owner.slice(0, 20))}'`;
    return {
      addresses: [],
      warning:
        `Ignoring LISTEN_FDS: ${whose}, and this is process ${pid}. Start the runtime ` +
        "directly, without a program in between, or name the sockets with --fd or --bind.",
    };
  }
  if (!/^\d{1,9}$/.test(count) || Number(count) > MAX_FDS) {
    throw new ConfigError(
      `Invalid value for the environment variable LISTEN_FDS: '${
        printable(count.slice(0, 200))
      }' is not a number of sockets from 0 to ${MAX_FDS}.`,
    );
  }
  const fds = Array.from({ length: Number(count) }, (_, at) => FIRST_FD + at);
  return { addresses: fds.map((fd) => `fd://${fd}`) };
}
