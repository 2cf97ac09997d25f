/**
 * The origin of a request that a proxy has passed on, by what the proxy says in the head.
 *
 * A request without such fields costs one look at a note of the parser's, one from a peer that is
 * not trusted another look, at a note on its connection. What cannot be read, or is not believed,
 * changes nothing and is logged at debug level: it is a mistake in a proxy's configuration, or an
 * attack.
 */
import type { RequestHead } from "../../http/request_head.ts";
import type { Logger } from "../../logging/logger.ts";
import { ForwardedHops } from "../../proxy/forwarded.ts";
import { type ClientFinding, findClient } from "../../proxy/forwarded_for.ts";
import { KnownClients } from "../../proxy/known_clients.ts";
import type { TrustedPeers } from "../../proxy/trusted_peers.ts";
import {
  FORWARDED_HEADERS,
  type ForwardedHeader,
  hostOf,
  portOf,
  prefixOf,
  schemeOf,
  withPort,
} from "../../proxy/x_forwarded.ts";
import { printable } from "../../text/printable.ts";
import { isTrustedPeer } from "./peer_trust.ts";
import {
  ofClient,
  type OriginRule,
  type PeerOrigin,
  type RequestOrigin,
} from "./request_origin.ts";

/** What is shown of a value in the log, in characters. */
const MAX_SHOWN = 100;

/** Which proxies are believed, and what of theirs is read. */
export interface ForwardingSettings {
  readonly peers: TrustedPeers;
  /** `forwarded` and the others exclude each other. */
  readonly headers: readonly ForwardedHeader[];
}

/** Says something at debug level; `undefined` where nobody hears it. */
type Tell = ((what: string) => void) | undefined;

/** A rule that goes by the fields `headers` of trusted peers. */
export function forwardedOrigin(settings: ForwardingSettings): OriginRule {
  const { peers } = settings;
  const reads: ReadonlySet<string> = new Set(settings.headers);
  const proxies = { peers, clients: new KnownClients(peers) };
  return (head, own, logger) => {
    if (!head.isForwarded) return own;
    if (isTrustedPeer(own, peers)) {
      const tell = tellTo(logger, own);
      return originFrom(fieldsOf(head, reads, tell), head, own, proxies, tell);
    }
    tellTo(logger, own)?.(
      `Ignored ${namesIn(head).join(", ")}: ` +
        "the peer is not trusted (--forwarded-allow-ips)",
    );
    return own;
  };
}

/** Apart from the rule: what a closure uses is allocated on entry, for requests without fields too. */
function tellTo(logger: Logger, own: PeerOrigin): Tell {
  return logger.isEnabled("debug")
    ? (what) => logger.debug(ofClient(own, what))
    : undefined;
}

function isForwardingField(name: string): name is ForwardedHeader {
  return (FORWARDED_HEADERS as readonly string[]).includes(name);
}

function namesIn({ headers }: RequestHead): string[] {
  const names = headers.map(([name]) => name).filter(isForwardingField);
  return [...new Set(names)];
}

/** The values of the fields that are read, one of each name. */
class Fields {
  forwarded: string | undefined;
  for: string | undefined;
  proto: string | undefined;
  host: string | undefined;
  port: string | undefined;
  prefix: string | undefined;

  /** Lists are joined in order; of what is no list the last one counts. */
  add(name: ForwardedHeader, value: string): void {
    switch (name) {
      case "forwarded":
        this.forwarded = joined(this.forwarded, value);
        break;
      case "x-forwarded-for":
        this.for = joined(this.for, value);
        break;
      case "x-forwarded-proto":
        this.proto = value;
        break;
      case "x-forwarded-host":
        this.host = value;
        break;
      case "x-forwarded-port":
        this.port = value;
        break;
      case "x-forwarded-prefix":
        this.prefix = value;
        break;
    }
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** The letters that names of {@linkcode FORWARDED_HEADERS} begin with. */
const F = 0x66;
const X = 0x78;

function fieldsOf(
  head: RequestHead,
  reads: ReadonlySet<string>,
  tell: Tell,
): Fields {
  const fields = new Fields();
  for (const [name, value] of head.headers) {
    // Most names of a browser's begin with another letter.
    const first = name.charCodeAt(0);
    if ((first === X || first === F) && reads.has(name)) {
      fields.add(name as ForwardedHeader, value);
    }
  }
  if (tell !== undefined) {
    const unread = namesIn(head).filter((name) => !reads.has(name));
    if (unread.length > 0) {
      tell(`Ignored ${unread.join(", ")}: not in --forwarded-headers`);
    }
  }
  return fields;
}

/** Which proxies are believed, and which clients they have told of. */
interface Proxies {
  readonly peers: TrustedPeers;
  readonly clients: KnownClients;
}

/** The origin that trusted fields tell of; `own` itself if that is the same. */
function originFrom(
  fields: Fields,
  head: RequestHead,
  own: PeerOrigin,
  { peers, clients }: Proxies,
  tell: Tell,
): RequestOrigin {
  let { client, scheme, rootPath } = own;
  let host: string | undefined;

  if (fields.for !== undefined) {
    const finding = clients.find(fields.for);
    client = finding.client ?? client;
    tellOddity(finding, "x-forwarded-for", tell);
  }

  const { forwarded } = fields;
  if (forwarded !== undefined) {
    const hops = new ForwardedHops(forwarded);
    const finding = findClient(hops, peers);
    tellOddity(finding, "forwarded", tell);
    // Part of a field that cannot be read is not better than the rest of it.
    if (finding.oddity !== "malformed") {
      client = finding.client ?? client;
      scheme =
        read(hops.proto?.toLowerCase(), schemeOf, "proto of forwarded", tell) ??
          scheme;
      host = read(hops.host, hostOf, "host of forwarded", tell);
    }
  }

  scheme = read(fields.proto, schemeOf, "x-forwarded-proto", tell) ?? scheme;
  host = read(fields.host, hostOf, "x-forwarded-host", tell) ?? host;
  rootPath = read(fields.prefix, prefixOf, "x-forwarded-prefix", tell) ??
    rootPath;
  const port = read(fields.port, portOf, "x-forwarded-port", tell);
  if (port !== undefined) {
    const asked = host ?? head.headers.find(([name]) => name === "host")?.[1];
    if (asked) host = withPort(asked, port, scheme);
  }

  const isOwn = client === own.client && scheme === own.scheme &&
    rootPath === own.rootPath && host === undefined;
  return isOwn
    ? own
    : { client, scheme, rootPath, host, clientText: undefined };
}

/** What `reader` makes of a value; `undefined` without one, and for one that it refuses. */
function read<T>(
  value: string | undefined,
  reader: (value: string) => T | undefined,
  name: string,
  tell: Tell,
): T | undefined {
  if (value === undefined) return undefined;
  const result = reader(value);
  if (result === undefined) {
    tell?.(`Ignored ${name}: cannot use ${shown(value)}`);
  }
  return result;
}

/** Says why the client is not the one that a field seems to name. */
function tellOddity(
  { client, oddity, text }: ClientFinding,
  name: ForwardedHeader,
  tell: Tell,
): void {
  switch (oddity) {
    case undefined:
      return;
    case "malformed":
      tell?.(`Ignored ${name}: cannot read ${shown(text)}`);
      return;
    case "missing":
      tell?.(`Ignored ${name}: nothing stands where the client should`);
      return;
    case "hidden":
      tell?.(`Ignored ${name}: it hides the client as ${shown(text)}`);
      return;
    case "claimed":
      tell?.(
        `Ignored ${shown(text)} in ${name}: ` +
          `claimed by ${
            client!.host
          }, which is not trusted (--forwarded-allow-ips)`,
      );
  }
}

/** A peer's text, safe in a log line; its end if it is long, which is what is read first. */
function shown(text: string): string {
  const cut = text.length > MAX_SHOWN ? `...${text.slice(-MAX_SHOWN)}` : text;
  return `'${printable(cut)}'`;
}
