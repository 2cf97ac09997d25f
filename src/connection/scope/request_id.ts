/** Ids of requests: taken from a proxy that is trusted, or made. */
import type { RequestHead } from "../../http/request_head.ts";
import type { ConnectionInfo } from "./connection_info.ts";

/** The id of one request. */
export type RequestIdRule = (
  head: RequestHead,
  info: ConnectionInfo,
) => string;

/** What a proxy may send: no blanks, nothing that a log would have to escape, and not much of it. */
const VALID_ID = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/**
 * Takes the field `fieldName` of peers that are trusted, if it holds one valid id, and makes ids for
 * all others.
 */
export function requestIdRule(
  fieldName: string,
  isTrusted: (info: ConnectionInfo) => boolean,
  newId: () => string,
): RequestIdRule {
  return (head, info) => {
    let given: string | undefined;
    for (const [name, value] of head.headers) {
      if (name !== fieldName) continue;
      if (given !== undefined) return newId(); // two of them: none is believed
      given = value;
    }
    return given !== undefined && VALID_ID.test(given) && isTrusted(info)
      ? given
      : newId();
  };
}
