/** One version wherever it stands, and what the release script makes of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  bumpVersion,
  notesOf,
  RELEASE_FILES,
  versionsIn,
} from "../packaging/bump_version.mjs";
import { VERSION } from "../src/version.ts";
import { ROOT } from "./_support/this_runtime.ts";

const texts = Object.fromEntries(
  RELEASE_FILES.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]),
);
const changelog = texts["CHANGELOG.md"]!;

test("every place has the same version", () => {
  const versions = versionsIn(texts);
  assert.deepEqual(
    [...new Set(versions.map(([file]) => file))],
    RELEASE_FILES.filter((file) => file !== "CHANGELOG.md"),
  );
  for (const [file, version] of versions) assert.equal(version, VERSION, file);
});

test("the workspace has no version of its own", () => {
  const workspace = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  assert.equal(workspace.version, undefined);
  assert.equal(workspace.private, true);
});

test("CHANGELOG.md begins with what is not released, and dates what is", () => {
  const [first, ...released] = [...changelog.matchAll(/^## (.*)$/gm)]
    .map((match) => match[1]!);
  assert.equal(first, "Unreleased");
  for (const title of released) {
    assert.match(title, /^\d+\.\d+\.\d+(?:-[\w.-]+)? \(\d{4}-\d\d-\d\d\)$/);
  }
  assert.equal(new Set(released).size, released.length);
});

describe("bumpVersion()", () => {
  const bumped = bumpVersion(texts, "97.0.0-rc.1", "2030-01-31");

  test("writes the version everywhere, and changes nothing else", () => {
    assert.equal(versionsIn(bumped).length, versionsIn(texts).length);
    for (const [file, version] of versionsIn(bumped)) {
      assert.equal(version, "97.0.0-rc.1", file);
      assert.equal(
        bumped[file]!.replaceAll("97.0.0-rc.1", VERSION),
        texts[file],
        file,
      );
    }
  });

  test("dates what was not released, below an empty heading for what comes", () => {
    const after = bumped["CHANGELOG.md"]!;
    assert.ok(
      after.includes("## Unreleased\n\n## 97.0.0-rc.1 (2030-01-31)\n"),
    );
    assert.equal(notesOf(after), "");
    assert.equal(notesOf(after, "97.0.0-rc.1"), notesOf(changelog));
  });

  for (
    const [what, version, changes, message] of [
      [
        "what is no version",
        "next",
        {},
        'Cannot release "next": expected a version such as 1.2.3 or 1.2.3-rc.1',
      ],
      [
        "an older version",
        "0.0.9",
        {},
        `Cannot release 0.0.9: ${VERSION} is newer`,
      ],
      [
        "a version twice",
        "97.0.0",
        { "CHANGELOG.md": `${changelog}\n## 97.0.0 (2030-01-01)\n` },
        "Cannot release 97.0.0: it is in CHANGELOG.md already",
      ],
      [
        "nothing",
        "97.0.0",
        { "CHANGELOG.md": "# Changelog\n\n## Unreleased\n" },
        'Cannot release 97.0.0: CHANGELOG.md has nothing below "Unreleased"',
      ],
    ] as const
  ) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => bumpVersion({ ...texts, ...changes }, version, "2030-01-01"),
        { message },
      );
    });
  }

  test("takes the version that the sources have before the first release", () => {
    const text = "# Changelog\n\n## Unreleased\n\n- All of it.\n";
    const first = bumpVersion(
      { ...texts, "CHANGELOG.md": text },
      VERSION,
      "2030-01-01",
    );
    assert.equal(notesOf(first["CHANGELOG.md"]!, VERSION), "- All of it.");
  });
});

describe("notesOf()", () => {
  test("finds a version by its whole number", () => {
    const text = "## Unreleased\n\n## 1.10.0 (2030-01-01)\n\nten\n\n" +
      "## 1.1.0 (2029-01-01)\n\none\n";
    assert.equal(notesOf(text, "1.1.0"), "one");
    assert.equal(notesOf(text, "1.10.0"), "ten");
    assert.equal(notesOf(text, "1.1"), undefined);
  });
});
