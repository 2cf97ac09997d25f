/** Calls a factory: a function without parameters that makes the application. */
import { AppLoadError } from "../errors.ts";
import { printable } from "../text/printable.ts";
import { describeFunction } from "./describe.ts";
import { detectInterface } from "./interface.ts";
import { isClass } from "./parameters.ts";

/**
 * Calls `factory` and awaits what it returns.
 *
 * @param label What messages call it.
 * @throws AppLoadError in one line, if it cannot be called without arguments; if it threw, that is
 * the `cause`.
 */
export async function callFactory(
  factory: unknown,
  label: string,
): Promise<unknown> {
  const problem = whyNoFactory(factory);
  if (problem !== undefined) {
    throw factoryFailure(
      `${label} is ${problem}, not a function without parameters.`,
    );
  }
  try {
    return await (factory as () => unknown)();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw factoryFailure(detail, { cause: error });
  }
}

/** Describes a value that cannot be called without arguments; `undefined` if it can. */
export function whyNoFactory(value: unknown): string | undefined {
  if (typeof value !== "function") return detectInterface(value).description;
  if (isClass(value)) return "a class";
  return value.length === 0 ? undefined : describeFunction(value.length);
}

function factoryFailure(detail: string, options?: ErrorOptions): AppLoadError {
  return new AppLoadError(
    printable(`Error loading ASGI app factory: ${detail}`),
    options,
  );
}
