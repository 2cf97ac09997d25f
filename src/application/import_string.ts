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
/**
 * What only a URL looks like. A scheme and a colon are not enough: `http:app` and `data:app` are
 * the export `app` of a file `http.ts` or `data.ts`, and Deno would download the one and the other.
 */
const URL_FORM =
  /^(?:https?:\/\/|file:\/|data:[^,]*,|blob:.*[/:]|jsr:\/?@|npm:.)/i;
/** What may be a package of npm as well as an export of a file. */
const PACKAGE_OR_EXPORT = /^(npm):([\p{ID_Start}$_][\p{ID_Continue}$.]*)$/iu;

/** Whether `module` is a URL, such as `file:///srv/main.ts` or `jsr:@scope/name`. */
export function isUrl(module: string): boolean {
  return URL_FORM.test(module);
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

/** Whether what stands in front of the last colon of a URL is its scheme alone. */
function isBareScheme(module: string, spec: string): boolean {
  return isUrl(spec) && !module.includes(":");
}

/**
 * How `spec` reads if it names a file: of `npm:app`, which is a package where there is no file
 * `npm.ts`. `undefined` if there are no two ways to read it.
 */
export function asExport(spec: string): ImportString | undefined {
  const [, module, attribute] = PACKAGE_OR_EXPORT.exec(spec) ?? [];
  return module === undefined || attribute === undefined
    ? undefined
    : { module, attribute };
}
