/** Types of the web platform by what the declarations of browsers, Deno, Bun and Node have in common. */

/** What `new Headers()` takes: browsers and Deno call it `HeadersInit`, `@types/node` has no name. */
export type HeadersInput = NonNullable<
  ConstructorParameters<typeof Headers>[0]
>;
