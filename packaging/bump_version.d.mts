/** Texts by the path of their file from the root of the repository. */
export type Texts = Readonly<Record<string, string>>;

/** Every file that {@linkcode bumpVersion} reads and changes. */
export const RELEASE_FILES: readonly string[];

/** The version in each place of the texts: pairs of file and version. */
export function versionsIn(texts: Texts): [file: string, version: string][];

/**
 * What the changelog says of a version, or, without one, of what is not released.
 *
 * @returns `undefined` if it has no such heading.
 */
export function notesOf(
  changelog: string,
  version?: string,
): string | undefined;

/**
 * The texts as they are in a release.
 *
 * @param version Such as `1.2.3` or `1.2.3-rc.1`; not older than the one there, and not in the
 * changelog yet.
 * @param date Day of the release, `YYYY-MM-DD`.
 * @throws Error that names what is wrong, if there is nothing to release or the version is no good.
 */
export function bumpVersion(
  texts: Texts,
  version: string,
  date: string,
): Texts;
