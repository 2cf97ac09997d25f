/**
 * `Request` and `fetch` of a process that take a request of ours for one of the runtime's. All else
 * they pass on, and what they make is the runtime's.
 */
import { replaceGlobal, standingIn } from "./stand_in.ts";

/**
 * Under this key a request of ours gives the real one that it stands for. Registered, so that an
 * application that has loaded this package twice still finds it.
 */
export const REAL: unique symbol = Symbol.for("tricorn.request");

/** Is on the global object once Node has loaded what makes requests (undici's global dispatcher). */
const LOADED = Symbol.for("undici.globalDispatcher.1");

let areReplaced = false;

/**
 * Puts them in the place of the globals if what they are made by is loaded already. On Node a look at
 * how `Request` is defined loads it, which takes 30 ms.
 */
export function takeLightRequestsIfLoaded(): void {
  if (LOADED in globalThis) takeLightRequests();
}

/**
 * Puts them in the place of the globals if nobody can have kept these: they are made at the first
 * look at one of them. An application that has looked at one gets requests of the runtime.
 */
export function takeLightRequestsIfUnseen(): void {
  if (areReplaced || LOADED in globalThis) return;
  void globalThis.Request;
  // If it says nothing on this runtime, it said nothing before.
  if (LOADED in globalThis) takeLightRequests();
}

/** Puts them in the place of the globals. Idempotent. */
export function takeLightRequests(): void {
  if (areReplaced) return;
  areReplaced = true;
  replaceOnUse("Request", requestClass);
  replaceOnUse("fetch", fetchFunction);
}

function replaceOnUse<Name extends "Request" | "fetch">(
  name: Name,
  make: (native: typeof globalThis[Name]) => typeof globalThis[Name],
): void {
  const native = Object.getOwnPropertyDescriptor(globalThis, name)!;
  const replace = (value: unknown) => replaceGlobal(name, value);
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: native.enumerable!,
    get() {
      const value = make(native.get?.call(globalThis) ?? native.value);
      replace(value);
      return value;
    },
    set: replace,
  });
}

/** The class of the runtime, with a constructor that takes light requests as well. */
function requestClass(Native: typeof Request): typeof Request {
  function construct(...args: [RequestInfo | URL, RequestInit?]): unknown {
    const target = new.target as unknown as typeof Native;
    return Reflect.construct(Native, withReal(args), target);
  }
  return standingIn(construct, Native);
}

function fetchFunction(native: typeof fetch): typeof fetch {
  const replacement = (...args: Parameters<typeof fetch>) =>
    native(...withReal(args));
  const { name, length } = native;
  Object.defineProperties(replacement, {
    name: { value: name },
    length: { value: length },
  });
  // Bun's has members of its own.
  return Object.setPrototypeOf(replacement, native);
}

/** `args` with a real request in the place of a light one. */
function withReal<Args extends unknown[]>(args: Args): Args {
  const [input] = args;
  if (typeof input === "object" && input !== null && REAL in input) {
    args[0] = (input[REAL] as () => Request)();
  }
  return args;
}
