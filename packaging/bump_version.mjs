// @ts-self-types="./bump_version.d.mts"
// Where the version of a release stands, and how it changes there.

/** Files that name the version, and how: the first group is what stands before it. */
const PLACES = {
  "jsr.json": /(^ {2}"version": ")[^"]+/m,
  "src/version.ts": /(VERSION = ")[^"]+/,
  "docs/install.md":
    /((?:"tricorn": "|@tricorn\/serve@)\^|tricorn-)\d+\.\d+\.\d+(?:-[\w.-]+?)?(?=\.tgz|")/g,
};
const CHANGELOG = "CHANGELOG.md";
const UNRELEASED = "## Unreleased\n";
const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?$/;

/** Every file that {@linkcode bumpVersion} reads and changes. */
export const RELEASE_FILES = [...Object.keys(PLACES), CHANGELOG];

/** The version in each place of the texts, by the name of its file. */
export function versionsIn(texts) {
  return Object.entries(PLACES).flatMap(([file, pattern]) =>
    [...texts[file].matchAll(new RegExp(pattern, "gm"))].map((match) => [
      file,
      match[0].slice(match[1].length),
    ])
  );
}

/** What the changelog says of a version, or, without one, of what is not released. */
export function notesOf(changelog, version) {
  const lines = changelog.split("\n");
  const from = lines.findIndex((line) =>
    version === undefined
      ? line === UNRELEASED.trim()
      : line.startsWith(`## ${version} `)
  );
  if (from < 0) return undefined;
  const to = lines.findIndex((line, at) => at > from && line.startsWith("## "));
  return lines.slice(from + 1, to < 0 ? undefined : to).join("\n").trim();
}

/** The texts as they are in the release `version` of the day `date`. */
export function bumpVersion(texts, version, date) {
  const wanted = VERSION.exec(version);
  if (wanted === null) {
    throw new Error(
      `Cannot release "${version}": expected a version such as 1.2.3 or 1.2.3-rc.1`,
    );
  }
  const [, now] = versionsIn(texts)[0];
  if (isOlder(wanted, VERSION.exec(now))) {
    throw new Error(`Cannot release ${version}: ${now} is newer`);
  }
  const changelog = texts[CHANGELOG];
  if (notesOf(changelog, version) !== undefined) {
    throw new Error(`Cannot release ${version}: it is in ${CHANGELOG} already`);
  }
  if (!notesOf(changelog)) {
    throw new Error(
      `Cannot release ${version}: ${CHANGELOG} has nothing below "Unreleased"`,
    );
  }
  const bumped = Object.entries(PLACES).map(([file, pattern]) => [
    file,
    texts[file].replace(pattern, `$1${version}`),
  ]);
  return {
    ...Object.fromEntries(bumped),
    [CHANGELOG]: changelog.replace(
      UNRELEASED,
      `${UNRELEASED}\n## ${version} (${date})\n`,
    ),
  };
}

function isOlder(wanted, now) {
  for (let at = 1; at <= 3; at++) {
    if (wanted[at] !== now[at]) return Number(wanted[at]) < Number(now[at]);
  }
  return false;
}
