/** The head of what a fetch handler has returned, and what can be wrong with it. */
import type { HttpResponseStartEvent } from "../../../asgi.ts";

/** A start message whose fields can still be added to. */
export interface ResponseStart extends HttpResponseStartEvent {
  readonly headers: [name: string, value: string][];
}

/** The message that starts `response`. Fields are iterated, so that each cookie keeps its line. */
export function startOf(
  { status, headers }: Response,
  trailers: boolean,
): ResponseStart {
  const fields: [string, string][] = [];
  headers.forEach((value, name) => fields.push([name, value]));
  return { type: "http.response.start", status, headers: fields, trailers };
}

/**
 * What `value` is, if it cannot be sent, to follow "got"; `undefined` if it can. Judged by its
 * parts: responses of other realms and of frameworks need not be of our class.
 */
export function responseProblem(value: unknown): string | undefined {
  if (value instanceof Response) {
    return value.type === "error" ? "Response.error()" : undefined;
  }
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  const { status, headers } = value as Partial<Response>;
  return typeof status === "number" && typeof headers?.forEach === "function" &&
      "body" in value
    ? undefined
    : describe(value);
}

function describe(value: object): string {
  const { name }: { name?: unknown } = value.constructor ?? {};
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an object of class ${name}`
    : "an object";
}
