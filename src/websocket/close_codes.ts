/** Which close codes exist, which may travel (RFC 6455 §7.4 and the registry it opens). */

/** The purpose was fulfilled. */
export const NORMAL = 1000;
/** The peer broke the protocol. */
export const PROTOCOL_ERROR = 1002;
/** A close frame without a code was received. Never sent. */
export const NO_STATUS = 1005;
/** The connection ended without a close frame. Never sent. */
export const ABNORMAL = 1006;
/** Text that is not UTF-8. */
export const INVALID_DATA = 1007;
/** A message too large to take. */
export const TOO_BIG = 1009;
/** The server failed. */
export const INTERNAL_ERROR = 1011;
/** The server is going away and will be back. */
export const SERVICE_RESTART = 1012;

/** Bytes a close reason may have: a control frame's 125 less the code (RFC 6455 §5.5). */
export const MAX_REASON_BYTES = 123;

/**
 * Whether a code may stand in a close frame, in either direction: 1000 to 1003, 1007 to 1014, and
 * 3000 to 4999. 1004, 1005, 1006 and 1015 are reserved, the rest is unassigned (RFC 6455 §7.4).
 */
export function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999);
}
