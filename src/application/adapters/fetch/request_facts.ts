/** What the scope tells of a request that a `Request` is made of. */
import type { HttpScope, WebSocketScope } from "../../../asgi.ts";
import { ClientDisconnected } from "../../../errors.ts";

/** What is found in one look at the fields of a request. */
export interface FieldFacts {
  readonly host: string | undefined;
  readonly announcesBody: boolean;
}

/** Reads the fields that decide over URL and body. */
export function lookAt(headers: HttpScope["headers"]): FieldFacts {
  let host: string | undefined;
  let announcesBody = false;
  for (const [name, value] of headers) {
    switch (name.length) {
      case 4:
        if (name === "host") host = value;
        break;
      case 14:
        if (name === "content-length") announcesBody = value !== "0";
        break;
      case 17:
        if (name === "transfer-encoding") announcesBody = true;
    }
  }
  return { host, announcesBody };
}

/** The method as it was received; a handshake is a GET. */
export function methodOf(scope: HttpScope | WebSocketScope): string {
  return scope.type === "http" ? scope.method : "GET";
}

/** Whether the Fetch standard gives requests of this method no body. */
export function isBodyless(method: string): boolean {
  return method === "GET" || method === "HEAD" || /^(get|head)$/i.test(method);
}

/** Why the body of a request will not come to its end. */
export function abortReason(scope: HttpScope | WebSocketScope): unknown {
  const reason: unknown = scope.extensions.abort_signal?.signal.reason;
  return reason ?? new ClientDisconnected(
    "Cannot read the request body: the client has disconnected",
  );
}
