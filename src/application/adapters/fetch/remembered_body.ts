/**
 * Remembers what a `Response` was made of. The runtimes tell it to their own servers alone; everyone
 * else has to ask for a stream, which costs more than the rest of a small answer together.
 */
import { areGlobalsLight } from "./light_globals.ts";
import { replaceGlobal, standingIn } from "./stand_in.ts";

/** Stands for bytes: the response has a copy of its own, and gives it at once. */
export const BYTES: unique symbol = Symbol("bytes");
/** Stands for text that was sent already. */
export const SENT: unique symbol = Symbol("sent");

/** A body that is known to be whole. */
type RememberedBody = string | typeof BYTES | typeof SENT;

/** Lets a class put a private field on an object that another class has made. */
class Given {
  constructor(given: object) {
    return given;
  }
}

/** The note on a real response. */
class Note extends Given {
  #body: RememberedBody;

  constructor(response: Response, body: RememberedBody) {
    super(response);
    this.#body = body;
  }

  /** Text can be taken once. */
  static take(response: object): RememberedBody | undefined {
    if (!(#body in response)) return undefined;
    const body = response.#body;
    if (typeof body === "string") response.#body = SENT;
    return body;
  }
}

let isReplaced = false;

/**
 * Puts a class in the place of the global `Response` of this process whose objects are those of the
 * runtime, with a note of what each was made of. For a process that was started to serve: what
 * the runtime's functions take and give stays as it is. Idempotent.
 */
export function rememberBodies(): void {
  // An application that has asked for light classes needs no notes.
  if (isReplaced || areGlobalsLight()) return;
  isReplaced = true;
  replaceGlobal("Response", rememberingClass(globalThis.Response));
}

/**
 * What `response` was made of; `undefined` for a stream, for nothing, and if it is unknown. Text is
 * given once: it is to be sent.
 */
export function takeRememberedBody(
  response: object,
): RememberedBody | undefined {
  return Note.take(response);
}

/** A class that makes objects of `Native`, and notes on them. */
function rememberingClass(Native: typeof Response): typeof Response {
  function construct(body?: BodyInit | null, init?: ResponseInit): Response {
    const response: Response = new.target === construct as unknown
      ? new Native(body, init)
      : Reflect.construct(
        Native,
        [body, init],
        new.target as unknown as typeof Native,
      );
    if (typeof body === "string") new Note(response, body);
    else if (body instanceof Uint8Array || body instanceof ArrayBuffer) {
      new Note(response, BYTES);
    }
    return response;
  }
  return standingIn(construct, Native);
}
