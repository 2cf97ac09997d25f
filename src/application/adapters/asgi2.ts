/**
 * Applications of ASGI 2: called with the scope first, and what that returns with `receive` and
 * `send` (ASGI: Legacy Applications).
 */
import type { AsgiApp, Receive, Scope, Send } from "../../asgi.ts";
import { describeValue } from "../describe.ts";
import { isClass } from "../parameters.ts";

/** What an ASGI 2 application returns for a scope. */
export type Asgi2Instance = (receive: Receive, send: Send) => Promise<void>;

/** An ASGI 2 application. */
export type Asgi2App = (scope: Scope) => Asgi2Instance;

/** `asgi.version` of every scope that such an application gets. */
const VERSION = "2.0";

/** The versions of a scope, by those of the scope that the server has made. */
const versions = new WeakMap<object, Scope["asgi"]>();

/** Turns an ASGI 2 application into one of ASGI 3. */
export function adaptAsgi2(value: unknown): AsgiApp {
  const app = value as Asgi2App;
  return async (scope, receive, send) => {
    const instance = app({ ...scope, asgi: versionsFor(scope.asgi) });
    if (typeof instance !== "function" || isClass(instance)) {
      throw new TypeError(
        `Cannot call what the ASGI 2 application returned for its scope: expected a function of (receive, send), got ${
          describeValue(instance)
        }`,
      );
    }
    await instance(receive, send);
  };
}

function versionsFor(asgi: Scope["asgi"]): Scope["asgi"] {
  let made = versions.get(asgi);
  if (made === undefined) {
    // Its own type says "3.0", which every other application gets.
    made = Object.freeze({ ...asgi, version: VERSION }) as unknown as Scope[
      "asgi"
    ];
    versions.set(asgi, made);
  }
  return made;
}
