/**
 * The fields of one response as an application sets, reads and removes them. `node:http` keeps them
 * where only its own code finds them; here they go into `http.response.start` as they are.
 *
 * A response has a handful of fields, so that looking through a list costs less than a map.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { HeaderPair } from "../../../../asgi.ts";

/** A value as applications give it. */
export type HeaderValue = number | string | readonly string[];

/** Names already checked, by the spelling of the application, in lower case. */
const knownNames = new Map<string, string>();
/** An application that makes up names cannot fill memory with them, nor with long ones. */
const MAX_NAMES = 512;
const MAX_KEPT_NAME = 64;

/** Checks a name as `node:http` does, and gives it in lower case. */
function checkedName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  validateHeaderName(name);
  const lower = name.toLowerCase();
  if (knownNames.size < MAX_NAMES && name.length <= MAX_KEPT_NAME) {
    knownNames.set(name, lower);
  }
  return lower;
}

/** The fields of one response. */
export class ResponseHeaders {
  /** In lower case, in the order of the first `set`. */
  readonly #names: string[] = [];
  /** As the application spelled them. */
  readonly #given: string[] = [];
  readonly #values: HeaderValue[] = [];

  /** @throws TypeError for what no field can hold, with the `code` of `node:http`. */
  set(name: string, value: HeaderValue): void {
    const lower = checkedName(name);
    validateHeaderValue(name, value as string);
    const at = this.#names.indexOf(lower);
    if (at < 0) {
      this.#names.push(lower);
      this.#given.push(name);
      this.#values.push(value);
    } else {
      this.#given[at] = name;
      this.#values[at] = value;
    }
  }

  /** Adds a value behind those of the same name. */
  append(name: string, value: HeaderValue): void {
    const at = this.#names.indexOf(checkedName(name));
    if (at < 0) {
      this.set(name, value);
      return;
    }
    validateHeaderValue(name, value as string);
    this.#values[at] = [this.#values[at]!, value].flat().map(String);
  }

  /** The value that was set; `undefined` if none was. */
  get(name: string): HeaderValue | undefined {
    const at = this.#names.indexOf(lowered(name));
    return at < 0 ? undefined : this.#values[at];
  }

  /** Whether the field is set. */
  has(name: string): boolean {
    return this.#names.includes(lowered(name));
  }

  /** Takes the field away. */
  remove(name: string): void {
    const at = this.#names.indexOf(lowered(name));
    if (at < 0) return;
    this.#names.splice(at, 1);
    this.#given.splice(at, 1);
    this.#values.splice(at, 1);
  }

  /** Names in lower case. */
  names(): string[] {
    return [...this.#names];
  }

  /** Names as they were spelled. */
  rawNames(): string[] {
    return [...this.#given];
  }

  /** All fields by their names in lower case. */
  all(): Record<string, HeaderValue> {
    const all: Record<string, HeaderValue> = Object.create(null);
    for (let i = 0; i < this.#names.length; i++) {
      all[this.#names[i]!] = this.#values[i]!;
    }
    return all;
  }

  /** One pair for each line of the head. */
  pairs(): HeaderPair[] {
    const pairs: HeaderPair[] = [];
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      const value = this.#values[i]!;
      if (typeof value === "string") pairs.push([name, value]);
      else if (Array.isArray(value)) {
        for (const one of value) pairs.push([name, String(one)]);
      } else pairs.push([name, String(value)]);
    }
    return pairs;
  }
}

function lowered(name: string): string {
  return knownNames.get(name) ?? String(name).toLowerCase();
}
