/** What `send()` rejects with when a message is wrong, the same for every scope. */
import { InvalidEventError } from "../../errors.ts";

/** A rejection that is not reported as unhandled if the application does not await its `send()`. */
export function rejected(error: Error): Promise<void> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}

/** A message whose shape is wrong. */
export function invalidEvent(
  event: { readonly type: string },
  problem: string,
): Promise<void> {
  return rejected(
    new InvalidEventError(
      `Cannot send "${event.type}": ${problem}`,
      event.type,
    ),
  );
}

/**
 * `otherwise`, unless a message that will not be sent is wrong in itself: bugs of an application
 * must not hide behind a client that has left.
 */
export function invalidUnless(
  problem: string | undefined,
  event: { readonly type: string },
  otherwise: Promise<void>,
): Promise<void> {
  return problem === undefined ? otherwise : invalidEvent(event, problem);
}

/** A message that this scope does not know. */
export function unknownEvent(event: unknown): Promise<void> {
  const type: unknown = (event as { type?: unknown } | null | undefined)?.type;
  if (typeof type !== "string") {
    return rejected(
      new InvalidEventError(
        `Cannot send message: expected an object with a string "type", got ${
          shown(event)
        }`,
        null,
      ),
    );
  }
  return rejected(
    new InvalidEventError(
      `Cannot send "${type}": no such message, or its extension is not offered on this request`,
      type,
    ),
  );
}

/** A value as an error message may show it. */
export function shown(value: unknown): string {
  if (
    typeof value === "number" || typeof value === "boolean" || value == null
  ) return `${value}`;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 64));
  return `a value of type "${typeof value}"`;
}
