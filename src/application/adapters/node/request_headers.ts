/** The fields of a request as `node:http` shows them: joined by its rules, raw, and each distinct. */
import type { HeaderList } from "../../../asgi.ts";

/** What `request.headers` holds. */
export type JoinedHeaders = Record<string, string | string[] | undefined>;

/** Fields of which only the first counts, as the documentation of `message.headers` lists them. */
const FIRST_COUNTS: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "content-length",
  "content-type",
  "etag",
  "expires",
  "from",
  "host",
  "if-modified-since",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "referer",
  "retry-after",
  "server",
  "user-agent",
]);

/** `message.headers`: repeated fields joined, cookies with "; ", `set-cookie` as a list. */
export function joinHeaders(fields: HeaderList): JoinedHeaders {
  const joined: JoinedHeaders = {};
  for (const [name, value] of fields) {
    const before = joined[name];
    if (name === "set-cookie") {
      if (Array.isArray(before)) before.push(value);
      else joined[name] = [value];
    } else if (typeof before !== "string") joined[name] = value;
    else if (!FIRST_COUNTS.has(name)) {
      joined[name] = before + (name === "cookie" ? "; " : ", ") + value;
    }
  }
  return joined;
}

/** `message.rawHeaders`: names and values in turns. */
export function rawHeaders(fields: HeaderList): string[] {
  const raw: string[] = [];
  for (const [name, value] of fields) raw.push(name, value);
  return raw;
}

/** `message.headersDistinct`: a list of values for each name. */
export function distinctHeaders(
  fields: HeaderList,
): Record<string, string[] | undefined> {
  const distinct: Record<string, string[] | undefined> = Object.create(null);
  for (const [name, value] of fields) {
    const before = distinct[name];
    if (before === undefined) distinct[name] = [value];
    else before.push(value);
  }
  return distinct;
}
