// Writes the version of a release wherever it stands, and dates its changes in CHANGELOG.md.
//
//   npm run release -- 1.2.3 [--date YYYY-MM-DD]
//   npm run release -- --notes [1.2.3]
//
// `--notes` prints what CHANGELOG.md says of the version in jsr.json, or fails if that is not the
// one that is named: publishing begins with it. docs/releasing.md has all steps. Needs Node 20.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  bumpVersion,
  notesOf,
  RELEASE_FILES,
  versionsIn,
} from "./bump_version.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      date: { type: "string", default: new Date().toISOString().slice(0, 10) },
      notes: { type: "boolean", default: false },
    },
  });
  const texts = Object.fromEntries(
    RELEASE_FILES.map((file) => [file, readFileSync(join(root, file), "utf8")]),
  );
  const [[, now]] = versionsIn(texts);
  const version = positionals[0]?.replace(/^v/, "");
  if (values.notes) {
    if (version !== undefined && version !== now) {
      throw new Error(`Cannot publish ${version}: the sources say ${now}`);
    }
    const notes = notesOf(texts["CHANGELOG.md"], now);
    if (!notes) {
      throw new Error(`Cannot publish ${now}: CHANGELOG.md does not have it`);
    }
    console.log(notes);
  } else {
    if (version === undefined) {
      throw new Error(`Cannot release: name a version, ${now} or a later one`);
    }
    for (
      const [file, text] of Object.entries(
        bumpVersion(texts, version, values.date),
      )
    ) {
      if (text === texts[file]) continue;
      writeFileSync(join(root, file), text);
      console.log(`${file}: ${version}`);
    }
    console.log(
      `\nNow: npm test, then git commit -am "chore: release ${version}", git tag v${version}, ` +
        "git push --follow-tags",
    );
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
