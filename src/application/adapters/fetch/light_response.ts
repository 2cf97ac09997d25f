/**
 * A response that keeps what it was made of: text or bytes, a status, fields. It becomes a real
 * `Response` for whatever else is asked of it. Used in the place of the runtime's own only by
 * applications that ask for it: see light_globals.ts.
 */
import { standFor, standingIn } from "./stand_in.ts";

/** The runtime's own, whatever stands in its place later. */
const NativeResponse = globalThis.Response;

const nativeTextType = new NativeResponse("").headers.get("content-type");
/** The type that the standard gives text. */
export const TEXT_TYPE: string = nativeTextType ?? "text/plain;charset=utf-8";
/** Whether the runtime keeps that to itself: in Bun 1.4 it shows in its own server alone. */
export const LACKS_TEXT_TYPE: boolean = nativeTextType === null;

/** What is sent of a response. */
export interface LightParts {
  readonly status: number;
  readonly fields: [name: string, value: string][];
  readonly body: string | Uint8Array;
}

/** A body that is whole. */
type SimpleBody = string | Uint8Array<ArrayBuffer> | ArrayBuffer | null;

/** Stands for a `Response`. A body or status that is not simple makes a real one. */
export class LightResponse {
  readonly #body: string | Uint8Array<ArrayBuffer> | null;
  readonly #status: number;
  #headers: Headers | undefined;
  #isTaken = false;
  #real: Response | undefined;

  /** @throws TypeError for fields that are none. */
  constructor(body: SimpleBody, status: number, headers?: HeadersInit) {
    this.#body = typeof body === "string" || body === null
      ? body
      : new Uint8Array(body); // a copy, as the standard has it
    this.#status = status;
    if (headers !== undefined) this.#headers = this.#fieldsOf(headers);
  }

  get status(): number {
    return this.#status;
  }

  get ok(): boolean {
    return this.#status < 300;
  }

  get type(): ResponseType {
    return "default";
  }

  get headers(): Headers {
    return this.#headers ??= this.#fieldsOf(undefined);
  }

  get bodyUsed(): boolean {
    return this.#isTaken || (this.#real?.bodyUsed ?? false);
  }

  clone(): Response {
    return LightResponse.realOf(this).clone();
  }

  #fieldsOf(given: HeadersInit | undefined): Headers {
    const headers = new Headers(given);
    if (typeof this.#body === "string" && !headers.has("content-type")) {
      headers.append("content-type", TEXT_TYPE);
    }
    return headers;
  }

  /** @internal The real response, made when it is first needed. */
  static realOf(light: LightResponse): Response {
    let real = light.#real;
    if (real === undefined) {
      real = light.#real = new NativeResponse(light.#body, {
        status: light.#status,
        headers: light.headers,
      });
      // What was sent counts as read.
      if (light.#isTaken) void real.text();
    } else if (light.#headers !== undefined) {
      for (const name of [...real.headers.keys()]) real.headers.delete(name);
      for (const [name, value] of light.#headers) {
        real.headers.append(name, value);
      }
    }
    return real;
  }

  /**
   * @internal What is to be sent, which uses the body up; `undefined` for what is not light, or has
   * become real.
   */
  static take(value: object): LightParts | undefined {
    if (!(#real in value) || value.#real !== undefined || value.#isTaken) {
      return undefined;
    }
    value.#isTaken = value.#body !== null;
    const fields: [string, string][] = [];
    if (value.#headers !== undefined) {
      value.#headers.forEach((text, name) => fields.push([name, text]));
    } else if (typeof value.#body === "string") {
      fields.push(["content-type", TEXT_TYPE]);
    }
    return { status: value.#status, fields, body: value.#body ?? "" };
  }
}

standFor(LightResponse.prototype, NativeResponse, LightResponse.realOf);

/**
 * A class that can stand in the place of the global `Response`. What it makes is light if it is
 * simple; its subclasses, and `json()`, `redirect()` and `error()`, make real ones.
 */
export function responseClass(): typeof Response {
  function construct(body: unknown = null, init?: ResponseInit): unknown {
    const { headers, status = 200, statusText } = init ?? {};
    const isPlain = new.target === construct as unknown && !statusText;
    return isPlain && isSimpleBody(body) && isSimpleStatus(status)
      ? new LightResponse(body, status, headers)
      : Reflect.construct(
        NativeResponse,
        [body, init],
        new.target as unknown as typeof NativeResponse,
      );
  }
  return standingIn(construct, NativeResponse);
}

function isSimpleBody(body: unknown): body is SimpleBody {
  return typeof body === "string" || body === null ||
    body instanceof Uint8Array || body instanceof ArrayBuffer;
}

/** Whether a response of this status may have a body, and is no error of who made it. */
function isSimpleStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 200 &&
    (status as number) < 600 && status !== 204 && status !== 205 &&
    status !== 304;
}
