/** Logs every call of the application and every message, with sizes in place of bodies. */
import type { AsgiApp, Scope } from "../asgi.ts";
import { type Logger, messageWithField } from "../logging/logger.ts";

/** Longest text of a scope or message, in characters: a target may be long. */
const MAX_TEXT = 2000;

/**
 * Wraps `app` so that `logger` tells, at trace level, of its calls, of what it receives and what it
 * sends. Calls are numbered from 1.
 */
export function withMessageTrace(app: AsgiApp, logger: Logger): AsgiApp {
  let calls = 0;
  return async (scope, receive, send) => {
    const call = ++calls;
    const tell = (text: string): void => {
      const { message, fields } = messageWithField(
        `${prefixOf(scope)}ASGI [`,
        "call",
        call,
        `] ${text}`,
      );
      logger.trace(message, { fields });
    };
    tell(`Started scope=${shown(scope)}`);
    try {
      const value = await app(
        scope,
        () =>
          receive().then((event) => {
            tell(`Receive ${shown(event)}`);
            return event;
          }),
        (event) => {
          tell(`Send ${shown(event)}`);
          return send(event);
        },
      );
      tell("Completed");
      return value;
    } catch (error) {
      // The server logs the error itself.
      tell("Raised exception");
      throw error;
    }
  };
}

function prefixOf(scope: Scope): string {
  if (!("client" in scope) || scope.client === null) return "";
  const [host, port] = scope.client;
  return `${host}:${port} - `;
}

/** One line; never throws, whatever an application sends. */
function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value, withoutContent) ?? String(value);
  } catch {
    return "<cannot be shown>";
  }
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/**
 * Replaces what is long, secret or has no text. State belongs to the application, and fields may
 * hold cookies and passwords.
 */
function withoutContent(key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  switch (key) {
    case "body":
    case "text":
      return typeof value === "string" ? `<${value.length} chars>` : value;
    case "headers":
      return "<...>";
    case "state":
      return "<...>";
    case "extensions":
      return typeof value === "object" && value !== null
        ? Object.keys(value)
        : value;
  }
  return typeof value === "bigint" ? String(value) : value;
}
