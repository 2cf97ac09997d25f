/** Where the control socket of a server is. */

/** The options that tell. */
export interface SocketPlace {
  readonly pidFile?: string | undefined;
  readonly controlSocket?: string | undefined;
}

/**
 * The path of the control socket: the one that is named, else beside the pid file.
 *
 * @returns `undefined` if there is none.
 */
export function controlSocketPath(
  { pidFile, controlSocket }: SocketPlace,
): string | undefined {
  if (controlSocket !== undefined) return controlSocket || undefined;
  if (pidFile === undefined) return undefined;
  return `${pidFile.replace(/\.pid$/, "")}.ctl`;
}
