/** Members of a response for what goes before its head and behind its body. */
import process from "node:process";
import type { HeaderPair } from "../../../../asgi.ts";
import { checkedLines, type HeadersInput, pairsOf } from "./headers_input.ts";
import { headersSent, invalidStatus, wrongType } from "../node_errors.ts";
import type { HeaderValue } from "./response_headers.ts";
import { type Callback, OWNER, type ResponseState } from "./response_state.ts";

export function addTrailers(this: ResponseState, headers: HeadersInput): void {
  this[OWNER].addTrailers(checkedLines(pairsOf(headers)));
}

export function writeContinue(this: ResponseState, callback?: Callback): void {
  if (!this.headersSent) this[OWNER].proceed();
  if (callback) process.nextTick(callback);
}

export function writeProcessing(
  this: ResponseState,
  callback?: Callback,
): void {
  inform(this, 102, [], callback);
}

export function writeEarlyHints(
  this: ResponseState,
  hints: Readonly<Record<string, HeaderValue>>,
  callback?: Callback,
): void {
  if (typeof hints !== "object" || hints === null) {
    throw wrongType("hints", "of type object", hints);
  }
  const { link } = hints;
  if (link === undefined || link === null || link.toString() === "") return;
  const links = Array.isArray(link) ? link.join(", ") : link;
  const others = Object.entries(hints).filter(([name]) => name !== "link");
  const fields = [["link", links] as const, ...others];
  inform(this, 103, checkedLines(fields), callback);
}

export function writeInformation(
  this: ResponseState,
  status: number,
  headers?: HeadersInput | Callback,
  callback?: Callback,
): void {
  if (!Number.isInteger(status) || status < 100 || status > 199) {
    throw invalidStatus(status);
  }
  // 101 changes the protocol, which an interim response cannot.
  if (status === 101) throw invalidStatus(status);
  if (typeof headers === "function") {
    callback = headers as Callback;
    headers = undefined;
  }
  const pairs = pairsOf(headers as HeadersInput | undefined ?? {});
  if (status === 100) {
    this.writeContinue(callback);
    return;
  }
  inform(this, status, checkedLines(pairs), callback);
}

function inform(
  response: ResponseState,
  status: number,
  fields: readonly HeaderPair[],
  callback: Callback | undefined,
): void {
  if (response.headersSent) throw headersSent("write");
  response[OWNER].inform(status, fields);
  if (callback) process.nextTick(callback);
}
