/**
 * What Deno keeps in symbol properties of a `Request` and a `Response`: by them an object can stand
 * for a request that is made later, and a body that is whole is told from a stream. Node and Bun
 * keep their state out of reach.
 */
import { Fence } from "./fence.ts";

const fence = new Fence("the state of fetch objects");

/** An object whose members are looked up by any key. */
type Members = Record<PropertyKey, unknown>;

/**
 * Lets objects of `prototype` stand for a `Request`: what the runtime keeps in properties of a real
 * one is read from, and written to, the one that `realOf` finds.
 */
export function forwardState(
  prototype: object,
  realOf: (light: object) => Request,
): void {
  for (const key of stateKeys()) {
    Object.defineProperty(prototype, key, {
      configurable: true,
      get(this: object): unknown {
        return (realOf(this) as unknown as Members)[key];
      },
      set(this: object, value: unknown): void {
        (realOf(this) as unknown as Members)[key] = value;
      },
    });
  }
}

function stateKeys(): symbol[] {
  const isOpen = fence.tryNow(() => findState() !== undefined);
  return isOpen
    ? Object.getOwnPropertySymbols(new Request("http://localhost/"))
    : [];
}

/** The property of a `Response` that holds its body and whatever else belongs to it. */
let stateKey: symbol | undefined;

/**
 * What `response` was made of, if that can be told: `text()` and `bytes()` then have it at once.
 * What was read already counts too.
 */
export function heldBody(response: Response): "text" | "bytes" | undefined {
  if (!fence.tryNow(() => findState() !== undefined)) return undefined;
  try {
    return kindOf(response, stateKey ??= findState()!);
  } catch (error) {
    fence.disable(error);
    return undefined;
  }
}

/** What is read of a response's state. */
interface State {
  readonly body?: { readonly streamOrStatic?: { readonly body?: unknown } };
}

function kindOf(
  response: Response,
  key: symbol,
): "text" | "bytes" | undefined {
  // The state is made when the fields are first asked for.
  const state = (response as unknown as Record<symbol, State>)[key];
  const body = state?.body?.streamOrStatic?.body;
  if (typeof body === "string") return "text";
  return body instanceof Uint8Array ? "bytes" : undefined;
}

function findState(): symbol | undefined {
  const text = newResponse("text");
  return Object.getOwnPropertySymbols(text).find((key) =>
    kindOf(text, key) === "text" &&
    kindOf(newResponse(new Uint8Array(1)), key) === "bytes" &&
    kindOf(newResponse(new ReadableStream()), key) === undefined &&
    kindOf(newResponse(null), key) === undefined
  );
}

function newResponse(body: BodyInit | null): Response {
  const response = new Response(body);
  response.headers.has("content-type");
  return response;
}
