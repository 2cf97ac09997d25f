/** The forms of a request target that are no path (RFC 9112 §3.2). */
import { isHost } from "../http/host.ts";

/** What a target comes to that is no path. */
export interface SpecialTarget {
  /** Where its path begins, relative to the target; a path that is empty ends here too. */
  readonly pathAt: number;
  /** Host and port of an absolute form; `undefined` for the asterisk. */
  readonly authority: string | undefined;
  /** Whether the server as a whole is meant, `*`. */
  readonly isServer: boolean;
}

const ASTERISK: SpecialTarget = {
  pathAt: 0,
  authority: undefined,
  isServer: true,
};
const ABSOLUTE = /^https?:\/\/([^/?#]+)/i;

/** Whether `target` is the authority form of CONNECT: a host and a port (RFC 9112 §3.2.3). */
export function isAuthority(target: string): boolean {
  return /:\d+$/.test(target) && isHost(target);
}

/**
 * Reads an absolute form, or the asterisk of OPTIONS. The authority form is CONNECT's alone, which
 * nothing here can serve.
 *
 * @param target Not starting with a slash.
 * @returns `undefined` if it is neither, or not one that `method` may have.
 */
export function readSpecialTarget(
  target: string,
  method: string,
): SpecialTarget | undefined {
  if (target === "*") return method === "OPTIONS" ? ASTERISK : undefined;
  if (method === "CONNECT") return undefined;
  const match = ABSOLUTE.exec(target);
  // RFC 9110 §4.2.1, §4.2.4: an http URL has a host, and one with userinfo is out to deceive.
  if (match === null || !isHost(match[1])) return undefined;
  const pathAt = match[0].length;
  return {
    pathAt,
    authority: match[1],
    // RFC 9112 §3.2.4: how a client asks through a proxy for the server as a whole.
    isServer: method === "OPTIONS" && pathAt === target.length,
  };
}
