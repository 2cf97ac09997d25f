/** docs/behaviour.md and the tests name the same rows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  CATALOGUES,
  idsOf,
  MEND,
  mended,
  PAGE,
  readTests,
  type Row,
  rowsOf,
  strayIdsOf,
  testsOfIds,
} from "./_support/behaviour_index.ts";

describe("docs/behaviour.md", () => {
  const tests = readTests();
  const index = testsOfIds(tests);
  const rows = rowsOf(readFileSync(PAGE, "utf8").replaceAll("\r\n", "\n"));

  test("has a row for every id that a test names", () => {
    const known = new Set(rows.map(({ id }) => id));
    const missing = [...index].filter(([id]) => !known.has(id));
    assert.deepEqual(
      missing,
      [],
      `Add a row, or correct the id; then: ${MEND}`,
    );
  });

  test("names tests that name the row", () => {
    const isTest = ({ id, files }: Row) =>
      files.length > 0 && files.every((path) => index.get(id)?.includes(path));
    assert.deepEqual(
      rows.filter((row) => !isTest(row)),
      [],
      `Tests moved? ${MEND}. Tests gone? Then the row goes, or its test comes back.`,
    );
  });

  test("has every row once, in the chapter of its catalogue, in order", () => {
    const places = rows.map(({ catalogue, id }) =>
      `${CATALOGUES.indexOf(catalogue)} ${id}`
    );
    assert.deepEqual(places, [...new Set(places)].sort(), MEND);
    for (const { catalogue, id } of rows) {
      assert.deepEqual([...idsOf(id)], [id], "is no id");
      assert.equal(id.split(":")[0], catalogue);
    }
  });

  test("says what each row means in a sentence", () => {
    for (const { id, behaviour } of rows) {
      assert.match(behaviour, /^[A-Z0-9`].{10,}\.$/, id);
    }
  });

  test("is what the check reads", () => {
    assert.ok(rows.length > 400 && tests.size > 100);
    assert.deepEqual(
      [...new Set(rows.map(({ catalogue }) => catalogue))],
      CATALOGUES,
    );
  });

  test("knows every id in the tests by its catalogue", () => {
    const stray = [...tests].map(([path, text]) => [path, ...strayIdsOf(text)]);
    assert.deepEqual(
      stray.filter(({ length }) => length > 1),
      [],
      "No catalogue has these ids: correct them, or remove them",
    );
  });
});

for (
  const [text, ids] of [
    ["(http:H-108)", ["http:H-108"]],
    ["(asgi:A-009 to A-011)", ["asgi:A-009", "asgi:A-010", "asgi:A-011"]],
    ["process:P-037, asgi:A-168", ["process:P-037", "asgi:A-168"]],
    ["asgi:A-103, A-104 and A-106", ["asgi:A-103", "asgi:A-104", "asgi:A-106"]],
    ["asgi:A-103,\n * A-104", ["asgi:A-103", "asgi:A-104"]],
    ["websocket:W-001, W-003 to W-004", [
      "websocket:W-001",
      "websocket:W-003",
      "websocket:W-004",
    ]],
    ["http:H-001 http:H-001", ["http:H-001"]],
    ["other:H-001, H-002, P-256", []],
    ["http:H-12", []],
  ] as const
) {
  test(`idsOf() finds ${ids.length} in ${JSON.stringify(text)}`, () => {
    assert.deepEqual([...idsOf(text)], ids);
  });
}

test("strayIdsOf() finds what no catalogue has", () => {
  assert.deepEqual(
    strayIdsOf(
      "other:H-001 (http:H-002, H-003) A-258, http:H-12, P-256, UTF-8",
    ),
    ["other:H-001", "A-258", "http:H-12"],
  );
});

test("mended() sorts rows, and takes test files from the index", () => {
  const page = `text

| Id | What it does | Tests |
| --- | --- | --- |
| \`http:H-002\` | Second. | \`tests/old_test.ts\` |
| \`http:H-001\` | The first. |  |

more text
`;
  const index = new Map([
    ["http:H-001", ["tests/a_test.ts"]],
    ["http:H-002", ["tests/a_test.ts", "b", "c", "d"]],
  ]);
  assert.equal(
    mended(page, index),
    `text

| Id           | What it does | Tests                       |
| ------------ | ------------ | --------------------------- |
| \`http:H-001\` | The first.   | \`tests/a_test.ts\`           |
| \`http:H-002\` | Second.      | \`tests/a_test.ts\`, \`b\`, \`c\` |

more text
`,
  );
  assert.equal(mended(mended(page, index), index), mended(page, index));
});
