/** Words for values that are no application, for messages to operators. */

/** Follows "is", such as "an object of class Thing". Calls nothing of `value`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  const { name } = (Object.getPrototypeOf(value)?.constructor ?? {}) as {
    readonly name?: unknown;
  };
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an object of class ${name}`
    : "an object";
}

/** Follows "is": a function, by the number of its parameters. */
export function describeFunction(count: number): string {
  return `a function of ${count} parameter${count === 1 ? "" : "s"}`;
}
