/** Which trace a request continues: that of its fields, if its sender is believed. */
import type { HttpScope, WebSocketScope } from "../../asgi.ts";
import type { TrustedPeers } from "../../proxy/trusted_peers.ts";
import type { Address } from "../../runtime/types.ts";
import type { Context, FieldReader, OtelApi } from "./api.ts";

type Scope = HttpScope | WebSocketScope;

/** Fields of one name become one value, or a list (RFC 9110 §5.3). */
const FIELDS: FieldReader<Scope> = {
  get({ headers }, name) {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (const [field, value] of headers) {
      if (field === wanted) values.push(value);
    }
    return values.length > 1 ? values : values[0];
  },
  keys: ({ headers }) =>
    Array.from(new Set(Array.from(headers, ([name]) => name))),
};

/** Finds the context that a request's span is a child of. */
export type ParentOf = (scope: Scope) => Context;

/**
 * @param peers Whose fields are believed; `undefined` believes none.
 */
export function parentOf(
  { propagation, ROOT_CONTEXT }: OtelApi,
  peers: Pick<TrustedPeers, "trusts"> | undefined,
): ParentOf {
  if (peers === undefined) return () => ROOT_CONTEXT;
  return (scope) =>
    peers.trusts(peerOf(scope), localOf(scope))
      ? propagation.extract(ROOT_CONTEXT, scope, FIELDS)
      : ROOT_CONTEXT;
}

/** Not the scope's client, which a proxy may have told. */
function peerOf({ extensions }: Scope): Address {
  const peer = extensions.connection?.peer ?? null;
  return peer === null
    ? { kind: "unix", path: "" }
    : { kind: "tcp", host: peer[0], port: peer[1] };
}

function localOf({ server }: Scope): Address {
  // An inherited UNIX socket may have no name.
  if (server === null) return { kind: "unix", path: "" };
  const [host, port] = server;
  return port === null
    ? { kind: "unix", path: host }
    : { kind: "tcp", host, port };
}
