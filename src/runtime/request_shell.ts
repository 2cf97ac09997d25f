/** On what an object can be built that functions of the runtime are to take for a `Request`. */

/** A class without members, or `Request`. */
export type RequestShell = new (url: string, init?: RequestInit) => object;

class Nothing {}

/**
 * Finds it out. Bun 1.4 takes only what its own class has made, but reads it by its members: a real
 * request of the URL alone will do if these are overridden, and costs a fifth of one with fields.
 * Deno and Node read what is inside of a request, so that a shell would only cost.
 */
export function requestShell(): RequestShell {
  class Probe extends Request {}
  const members = {
    url: "http://b/c?d",
    method: "PUT",
    headers: new Headers({ "x-a": "b" }),
    signal: new AbortController().signal,
  };
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(Probe.prototype, name, { get: () => value });
  }
  try {
    const copy = new Request(new Probe("http://a/"), { cache: "no-store" });
    return copy.url === members.url && copy.method === "PUT" &&
        copy.headers.get("x-a") === "b"
      ? Request
      : Nothing;
  } catch {
    return Nothing;
  }
}
