/** Parses import strings such as `main:app`. */

/** A parsed import string. */
export interface ImportString {
  /** A path, a dotted name or a URL; never empty. */
  readonly module: string;
  /** Names with dots between; `undefined` if the string is a file alone. */
  readonly attribute: string | undefined;
}

/** Extensions of modules. */
const MODULE_FILE = /\.[cm]?[jt]sx?$/i;
/**
 * Matches only URLs. A scheme and a colon are not enough: `http:app` and `data:app` name the export
 * `app` of a file `http.ts` or `data.ts`; as URLs, Deno would try to download them.
 */
const URL_FORM =
  /^(?:https?:\/\/|file:\/|data:[^,]*,|blob:.*[/:]|jsr:\/?@|npm:.)/i;
/**
 * Ambiguous: an npm package, or an export of a file `npm.ts`. Letters beyond ASCII are all taken for
 * those of a name: telling them by `\p{ID_Start}` costs V8 half a millisecond at each start.
 */
const PACKAGE_OR_EXPORT =
  /^([Nn][Pp][Mm]):([A-Za-z$_\x80-\uffff][\w$.\x80-\uffff]*)$/;

/** Whether `module` is a URL, such as `file:///srv/main.ts` or `jsr:@scope/name`. */
export function isUrl(module: string): boolean {
  return URL_FORM.test(module);
}

/** Whether `path` has the extension of a module, such as `.ts`. */
export function isModuleFile(path: string): boolean {
  return MODULE_FILE.test(path);
}

/**
 * Splits at the last colon: `file:///main.ts:app` and `C:\main.ts:app` have further ones.
 *
 * @returns `undefined` if it is neither `<module>:<attribute>` nor a file or URL.
 */
export function splitImportString(spec: string): ImportString | undefined {
  const colon = spec.lastIndexOf(":");
  const module = spec.slice(0, Math.max(colon, 0));
  const attribute = spec.slice(colon + 1);
  // An attribute has no slash: "file:///main.ts" and "C:\main.ts" have none.
  const isSplit = colon >= 0 && !/[/\\]/.test(attribute) &&
    !isBareScheme(module, spec);
  if (isSplit) {
    return module === "" || attribute === ""
      ? undefined
      : { module, attribute };
  }
  return isUrl(spec) || isModuleFile(spec)
    ? { module: spec, attribute: undefined }
    : undefined;
}

/** Whether the text before the last colon of a URL is only its scheme. */
function isBareScheme(module: string, spec: string): boolean {
  return isUrl(spec) && !module.includes(":");
}

/**
 * Reads an ambiguous `spec`, such as `npm:app`, as an export of a file; it is an npm package if
 * there is no file `npm.ts`. `undefined` if `spec` is not ambiguous.
 */
export function asExport(spec: string): ImportString | undefined {
  const [, module, attribute] = PACKAGE_OR_EXPORT.exec(spec) ?? [];
  return module === undefined || attribute === undefined
    ? undefined
    : { module, attribute };
}
