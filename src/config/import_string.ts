/** Import strings, `main:app`, taken apart (process:P-148). */

/** What an import string names. */
export interface ImportString {
  /** A path, a dotted name or a URL; never empty. */
  readonly module: string;
  /** Names with dots between; `undefined` if the string is a file alone. */
  readonly attribute: string | undefined;
}

/** Endings of files that hold a module. */
const MODULE_FILE = /\.[cm]?[jt]sx?$/i;
/** A URL. Two letters at least, because `C:` is a drive. */
const URL_LIKE = /^[a-z][a-z0-9+.-]+:/i;
/** Schemes of module specifiers: before their colon there is no module's name. */
const SCHEMES: ReadonlySet<string> = new Set([
  "blob",
  "bun",
  "data",
  "file",
  "http",
  "https",
  "jsr",
  "node",
  "npm",
]);

/** Whether `module` is a URL, such as `file:///srv/main.ts` or `jsr:@scope/name`. */
export function isUrl(module: string): boolean {
  return URL_LIKE.test(module) &&
    SCHEMES.has(module.slice(0, module.indexOf(":")).toLowerCase());
}

/** Whether `path` has the ending of a module, such as `.ts`. */
export function isModuleFile(path: string): boolean {
  return MODULE_FILE.test(path);
}

/**
 * Splits at the last colon, so that those of `file:///main.ts:app` and `C:\main.ts:app` survive.
 *
 * @returns `undefined` if it has not the form `<module>:<attribute>` and is no file or URL either.
 */
export function splitImportString(spec: string): ImportString | undefined {
  const colon = spec.lastIndexOf(":");
  const module = spec.slice(0, Math.max(colon, 0));
  const attribute = spec.slice(colon + 1);
  // No name has a slash, so "file:///main.ts" and "C:\main.ts" end in no attribute.
  const isSplit = colon >= 0 && !/[/\\]/.test(attribute) &&
    !SCHEMES.has(module.toLowerCase());
  if (isSplit) {
    return module === "" || attribute === ""
      ? undefined
      : { module, attribute };
  }
  return isUrl(spec) || isModuleFile(spec)
    ? { module: spec, attribute: undefined }
    : undefined;
}
