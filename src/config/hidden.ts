/** Secret values: readable by programs, hidden from logs. */

/** Shown in JSON instead of the value. */
const HIDDEN = "[hidden]";

/**
 * Makes the fields `names` of `holder` accessors: `console.log()`, `util.inspect()` and
 * `Deno.inspect()` then print `[Getter]`, and `JSON.stringify()` writes `"[hidden]"`. Reading and
 * spreading give the value as before. Fields that are undefined stay as they are.
 *
 * Not merely non-enumerable: Bun 1.4 prints such fields too, and spreading would lose them.
 *
 * @returns `holder`, not frozen.
 */
export function hideFields<T extends object>(
  holder: T,
  names: readonly (keyof T & string)[],
): T {
  const secret = names.filter((name) => holder[name] !== undefined);
  if (secret.length === 0) return holder;
  for (const name of secret) {
    const value = holder[name];
    Object.defineProperty(holder, name, {
      get: () => value,
      enumerable: true,
      configurable: false,
    });
  }
  Object.defineProperty(holder, "toJSON", {
    value: () => ({
      ...holder,
      ...Object.fromEntries(secret.map((name) => [name, HIDDEN])),
    }),
    enumerable: false,
  });
  return holder;
}
