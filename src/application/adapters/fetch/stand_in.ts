/** What objects that stand for others of the runtime have in common. */

/**
 * Makes objects of `prototype` instances of `native`, whose members they answer by themselves or
 * pass on to the real object behind them.
 */
export function standFor<Light extends object>(
  prototype: Light,
  native: { readonly prototype: object },
  realOf: (light: Light) => object,
): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const enumerable = name !== "constructor";
    Object.defineProperty(prototype, name, { enumerable });
  }
  // Something else may stand in the place of the runtime's own already.
  for (
    let above: object | null = native.prototype;
    above !== null && above !== Object.prototype;
    above = Object.getPrototypeOf(above)
  ) passOn(prototype, above, realOf);
  Object.setPrototypeOf(prototype, native.prototype);
  Object.defineProperty(prototype, "constructor", { value: native });
}

function passOn<Light extends object>(
  prototype: Light,
  above: object,
  realOf: (light: Light) => object,
): void {
  const members = Object.getOwnPropertyDescriptors(above);
  for (const [name, member] of Object.entries(members)) {
    if (Object.hasOwn(prototype, name)) continue;
    const { get, value } = member as PropertyDescriptor;
    if (get !== undefined) {
      member.get = function (this: Light): unknown {
        return get.call(realOf(this));
      };
    } else if (typeof value === "function") {
      member.value = function (this: Light, ...args: unknown[]) {
        return value.apply(realOf(this), args);
      };
    }
    Object.defineProperty(prototype, name, member);
  }
  // How `node:util` and Bun show it: they go on with what they are given.
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), {
    configurable: true,
    value(this: Light): object {
      return realOf(this);
    },
  });
}

/**
 * Makes `construct` a class that can stand in the place of `native`: with its name, its static
 * members, and its prototype, so that each knows the objects of the other.
 */
export function standingIn<Class extends object>(
  construct: (...args: never) => unknown,
  native: Class & { readonly prototype: object },
): Class {
  const { name, length, prototype } = native as unknown as CallableFunction;
  Object.defineProperties(construct, {
    name: { value: name },
    length: { value: length },
    prototype: { value: prototype, writable: false },
  });
  return Object.setPrototypeOf(construct, native) as Class;
}

/** Puts `value` in the place of a global of this process. */
export function replaceGlobal(name: string, value: unknown): void {
  const native = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: native?.enumerable ?? false,
    writable: true,
    value,
  });
}
