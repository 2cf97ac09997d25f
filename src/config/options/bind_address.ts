/** Addresses as `--bind` takes them. */
import { hostPort } from "../../text/host_port.ts";
import type { ListenTarget } from "../../runtime/types.ts";
import { checkHost } from "./checks.ts";
import { quote, type Verdict } from "./value_types.ts";

/** The address of one `--bind`. */
export type BindAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "fd"; readonly fd: number };

/** The default port. */
export const DEFAULT_PORT = 8000;
const MAX_PORT = 65535;

/**
 * Reads `host:port`, `[v6]:port`, `:port`, `host`, `unix:path` or `fd://number`. No host, or `*`,
 * means every interface.
 */
export function readBind(text: string): Verdict<BindAddress> {
  if (text.startsWith("unix:")) return readUnix(text);
  const fd = /^fd:\/\/(\d{1,9})$/.exec(text);
  if (fd !== null) return { value: { kind: "fd", fd: Number(fd[1]) } };
  if (text.startsWith("fd:")) return wrong(text);
  return readTcp(text);
}

/** Formats an address for `--bind`, with its port. */
export function bindText(address: BindAddress): string {
  switch (address.kind) {
    case "unix":
      return `unix:${address.path}`;
    case "fd":
      return `fd://${address.fd}`;
    case "tcp":
      return hostPort(address.host, address.port);
  }
}

/** Checks addresses and writes them in full; rejects an empty list and duplicates. */
export function checkBinds(
  texts: readonly unknown[],
): Verdict<readonly string[]> {
  const checked = new Set<string>();
  if (texts.length === 0) {
    return { problem: "the list is empty: expected at least one address." };
  }
  for (const text of texts) {
    if (typeof text !== "string") {
      return { problem: `${quote(text)} is not a string.` };
    }
    const verdict = readBind(text);
    if ("problem" in verdict) return verdict;
    const { value } = verdict;
    const full = bindText(value);
    // Port 0 gives a different port each time.
    const isRepeatable = value.kind === "tcp" && value.port === 0;
    if (checked.has(full) && !isRepeatable) {
      return { problem: `${quote(text)} names an address a second time.` };
    }
    checked.add(full);
  }
  return { value: Object.freeze(texts.map(fullText)) };
}

/** The target that a checked address stands for. */
export function targetOf(text: string, mode: number): ListenTarget {
  const address = addressOf(text);
  const option = "--bind";
  return address.kind === "unix"
    ? { ...address, mode, option }
    : { ...address, option };
}

function addressOf(text: unknown): BindAddress {
  const verdict = readBind(text as string);
  if ("problem" in verdict) throw new TypeError(verdict.problem);
  return verdict.value;
}

function fullText(text: unknown): string {
  return bindText(addressOf(text));
}

function readUnix(text: string): Verdict<BindAddress> {
  // `unix:///run/app.sock` is how URLs say it.
  const path = text.slice("unix:".length).replace(/^\/{2,}/, "/");
  if (path === "" || path === "/" || path.includes("\0")) return wrong(text);
  return { value: { kind: "unix", path } };
}

function readTcp(text: string): Verdict<BindAddress> {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(text);
  if (match === null) {
    const hint = /^[0-9a-f:.]+$/i.test(text)
      ? ` An IPv6 address stands in brackets: '[::1]:${DEFAULT_PORT}'.`
      : "";
    return wrong(text, hint);
  }
  const [, host = "", portText] = match;
  // "8000" alone would be a host name.
  if (text === "" || (portText === undefined && /^\d+$/.test(host))) {
    const hint = text === "" ? "" : ` A port alone is ':${text}'.`;
    return wrong(text, hint);
  }
  const port = portText === undefined ? DEFAULT_PORT : readPort(portText);
  if (port === undefined) {
    return {
      problem: `${
        quote(text)
      } has no valid port: expected 0 to ${MAX_PORT} after the last colon.`,
    };
  }
  const verdict = checkHost(host === "*" ? "" : host);
  if ("problem" in verdict) return verdict;
  if (host.startsWith("[") && !verdict.value.includes(":")) return wrong(text);
  return { value: { kind: "tcp", host: verdict.value, port } };
}

function readPort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT
    ? Number(text)
    : undefined;
}

function wrong(text: string, hint: string = ""): { readonly problem: string } {
  return {
    problem:
      `${
        quote(text)
      } is not an address: expected 'host:port', '[v6]:port', ':port', 'host', ` +
      `'unix:path' or 'fd://number'.${hint}`,
  };
}
