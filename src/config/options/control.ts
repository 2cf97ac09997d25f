/** How a running server is found and steered by its operator. */
import { checkProbe, checkUds } from "./checks.ts";
import type { OptionTable } from "./definition.ts";

/** How the command and `run()` can be found and steered: checked and complete. */
export interface ControlOptions {
  /**
   * File that holds the process id while the server listens; removed at the end. `serve()` writes
   * none. Default: `undefined`.
   */
  readonly pidFile: string | undefined;
  /**
   * Path of the UNIX socket that `tricorn status`, `stop`, `reload` and `top` ask, open to the same
   * user alone; `""` for none. `serve()` opens none. Default: `undefined`, the path of `pidFile`
   * with `.ctl` in place of `.pid`, and none without a `pidFile`.
   */
  readonly controlSocket: string | undefined;
  /**
   * Path, with its query if wanted, that a new version has to answer below 500 before it takes over at
   * SIGUSR2. Default: `undefined`, readiness is enough.
   */
  readonly upgradeProbe: string | undefined;
}

/** See {@linkcode ControlOptions}. */
export const CONTROL_OPTIONS: OptionTable<ControlOptions> = {
  pidFile: {
    group: "Control",
    flag: "--pid-file",
    aliases: ["--pid"],
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkUds,
    help: "Keep the process id in this file while the server listens.",
  },
  controlSocket: {
    group: "Control",
    flag: "--control-socket",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    defaultText: "beside the pid file, with .ctl",
    help:
      "UNIX socket that tricorn status, stop, reload and top ask; '' for none. Only the same user " +
      "may connect.",
  },
  upgradeProbe: {
    group: "Control",
    flag: "--upgrade-probe",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    check: checkProbe,
    help:
      "At SIGUSR2, let a new version take over only after it has answered a GET of this path with a " +
      "status below 500.",
  },
};

/**
 * Whether a server has somebody to tell of itself: a pid file, a control socket or systemd.
 *
 * @param notifySocket The variable `NOTIFY_SOCKET`.
 */
export function wantsControl(
  options: ControlOptions,
  notifySocket: string | undefined,
): boolean {
  return isObserved(options) || Boolean(notifySocket);
}

/** Whether an operator may look at the requests of a server. */
export function isObserved(
  { pidFile, controlSocket }: Pick<ControlOptions, "controlSocket" | "pidFile">,
): boolean {
  return pidFile !== undefined || Boolean(controlSocket);
}
