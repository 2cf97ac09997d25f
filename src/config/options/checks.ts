/** Checks of single options beyond their type. */
import { trimBlanks } from "../../text/blanks.ts";
import { isToken } from "../../text/token.ts";
import { problemOfPeer } from "../../proxy/trusted_peers.ts";
import {
  FORWARDED_HEADERS,
  type ForwardedHeader,
} from "../../proxy/x_forwarded.ts";
import { quote, type Verdict } from "./value_types.ts";

type Header = readonly [name: string, value: string];

/** RFC 9110 §5.5: no control characters but the tab, and one octet a character. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Fields that frame a message or belong to its connection (RFC 9110 §7.6.1, RFC 9112 §6): the
 * server sets them.
 */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Checks a host name or address; removes the brackets of a URL. */
export function checkHost(host: string): Verdict<string> {
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  if (/[\s\x00-\x1f\x7f/\\@?#[\]]/.test(bare)) {
    return { problem: `${quote(host)} is not a host name or an IP address.` };
  }
  // A single colon means a port; an IPv6 address has two or more.
  if (
    bare.includes(":") &&
    !/^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(%.+)?$/i.test(bare)
  ) {
    return {
      problem: `${
        quote(host)
      } is not a host name or an IP address. The port is an option of its own.`,
    };
  }
  return { value: bare };
}

/** Checks the path of a UNIX socket. */
export function checkUds(path: string): Verdict<string> {
  if (path === "") return { problem: "'' is not a path." };
  return { value: path };
}

/** Checks descriptors and servers, each once. Whether they listen is checked when they are used. */
export function checkSockets(
  sockets: readonly unknown[],
): Verdict<readonly (number | object)[]> {
  if (sockets.length === 0) {
    return { problem: "the list is empty: expected at least one socket." };
  }
  for (const socket of sockets) {
    if (!isDescriptor(socket) && !isServer(socket)) {
      return {
        problem: `${
          quote(socket)
        } is neither a descriptor nor a server of node:net.`,
      };
    }
  }
  if (new Set(sockets).size < sockets.length) {
    return { problem: "one of the sockets is in the list twice." };
  }
  return { value: Object.freeze([...sockets] as (number | object)[]) };
}

function isDescriptor(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 &&
    value < 2 ** 31;
}

/** Checks for the methods of `net.Server` that we call; `node:net` is not imported here. */
function isServer(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const server = value as Record<string, unknown>;
  return ["listen", "address", "close", "on"].every((method) =>
    typeof server[method] === "function"
  );
}

/** Checks `root_path`, decoded text: adds a leading slash, removes trailing ones. */
export function checkRootPath(path: string): Verdict<string> {
  if (/[\x00-\x1f\x7f?#]|:\/\//.test(path)) {
    return {
      problem: `${quote(path)} is not a path: expected one such as '/api'.`,
    };
  }
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === "") return { value: "" };
  // `root_path` + path must begin with a slash.
  return { value: trimmed.startsWith("/") ? trimmed : `/${trimmed}` };
}

/** Reads one `Name: value`, split at the first colon: values may hold colons. */
export function readHeader(text: string): Verdict<Header> {
  const colon = text.indexOf(":");
  if (colon < 0) {
    return { problem: `${quote(text)} is not of the form 'Name: value'.` };
  }
  return checkHeader(text.slice(0, colon), text.slice(colon + 1));
}

/** Checks pairs of name and value; names become lower case, values are trimmed. */
export function checkHeaders(
  headers: readonly unknown[],
): Verdict<readonly Header[]> {
  const checked: Header[] = [];
  for (const pair of headers) {
    const [name, value] = Array.isArray(pair) && pair.length === 2 ? pair : [];
    if (typeof name !== "string" || typeof value !== "string") {
      return {
        problem: `${
          quote(pair)
        } is not a pair of a name and a value, both strings.`,
      };
    }
    const verdict = checkHeader(name, value);
    if ("problem" in verdict) return verdict;
    checked.push(verdict.value);
  }
  return { value: Object.freeze(checked) };
}

function checkHeader(rawName: string, rawValue: string): Verdict<Header> {
  const name = rawName.trim().toLowerCase();
  // String.trim() would also remove a line break, which must be an error.
  const value = trimBlanks(rawValue);
  if (!isToken(name)) {
    return { problem: `${quote(rawName)} is not a header name.` };
  }
  if (!FIELD_VALUE.test(value)) {
    return {
      problem:
        `${
          quote(rawValue)
        } is not a value for header '${name}': expected printable ` +
        "characters up to U+00FF.",
    };
  }
  if (SERVERS_OWN.has(name)) {
    return {
      problem: `'${name}' cannot be a default header: the server decides it.`,
    };
  }
  return { value: Object.freeze([name, value] as const) };
}

/** Checks lists of trusted peers: splits at commas, trims, rejects entries that match no peer. */
export function checkPeers(
  texts: readonly unknown[],
): Verdict<readonly string[]> {
  const entries = entriesOf(texts);
  if ("problem" in entries) return entries;
  const peers = entries.value;
  for (const peer of peers) {
    const problem = problemOfPeer(peer, peers);
    if (problem !== undefined) return { problem: `${quote(peer)} ${problem}.` };
  }
  return { value: Object.freeze(peers) };
}

/** Checks lists of fields that proxies set: splits at commas, trims, removes repeats. */
export function checkForwardedHeaders(
  texts: readonly unknown[],
): Verdict<readonly ForwardedHeader[]> {
  const entries = entriesOf(texts);
  if ("problem" in entries) return entries;
  const names = new Set<ForwardedHeader>();
  for (const entry of entries.value) {
    const name = FORWARDED_HEADERS.find((one) => one === entry.toLowerCase());
    if (name === undefined) {
      const choices = FORWARDED_HEADERS.map((one) => `'${one}'`).join(", ");
      return { problem: `${quote(entry)} is not one of ${choices}.` };
    }
    names.add(name);
  }
  if (names.size === 0) {
    return { problem: "the list is empty: --no-proxy-headers uses no field." };
  }
  // A proxy sets one kind and passes the other on as the client wrote it.
  const other = [...names].find((name) => name !== "forwarded");
  if (names.has("forwarded") && other !== undefined) {
    return {
      problem: `'forwarded' and '${other}' exclude each other: ` +
        "name what the proxy sets, clients can send the other.",
    };
  }
  return { value: Object.freeze([...names]) };
}

/** The items of comma-separated lists, without blanks around them and without empty ones. */
function entriesOf(texts: readonly unknown[]): Verdict<readonly string[]> {
  const entries: string[] = [];
  for (const text of texts) {
    if (typeof text !== "string") {
      return { problem: `${quote(text)} is not a string.` };
    }
    for (const item of text.split(",")) {
      const entry = item.trim();
      if (entry !== "") entries.push(entry);
    }
  }
  return { value: entries };
}

/** Checks a list of paths. Whether there is something at them is checked when they are used. */
export function checkPaths(
  paths: readonly unknown[],
): Verdict<readonly string[]> {
  for (const path of paths) {
    if (typeof path !== "string" || path === "" || path.includes("\0")) {
      return { problem: `${quote(path)} is not a path.` };
    }
  }
  return { value: Object.freeze([...paths] as string[]) };
}

/** A path of a request target: printable ASCII, with its query if wanted. */
export function checkProbe(path: string): Verdict<string> {
  return /^\/[\x21-\x7e]*$/.test(path) ? { value: path } : {
    problem: `${
      quote(path)
    } is not a path that begins with / and has neither blanks nor other than ASCII characters.`,
  };
}
