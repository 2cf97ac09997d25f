/** The API reference reads exports, comments and signatures from sources. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Modules } from "../../../site/api/declarations.ts";
import {
  docCommentOf,
  parseDocComment,
} from "../../../site/api/doc_comment.ts";
import { type Shape, shapeOf } from "../../../site/api/signatures.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-api-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, "mod.ts"),
  `export * from "./all.ts";
export { inner as outer, type Shape } from "./some.ts";
export const NUMBER = 1;
const hidden = 2;
`,
);
writeFileSync(
  join(folder, "all.ts"),
  `/** Doubles. */
export async function twice(a: string): Promise<string>;
export async function twice(a: unknown): Promise<unknown> {
  return [a, a];
}
`,
);
writeFileSync(
  join(folder, "some.ts"),
  `export class inner<T> extends Array<T> {
  #secret = 1;
  private also = 2;
  /** Public. */
  readonly size: number = 0;
  /** Reads. */
  get value(): number {
    return this.#secret;
  }
  constructor(
    /** Never shown. */
    first: T,
  ) {
    super();
  }
}
/** A shape. */
export interface Shape {
  /** Its name. */
  readonly name: string;
}
`,
);
const exported = new Modules().exportsOf(join(folder, "mod.ts"));

function shape(name: string): Shape {
  const found = exported.find((one) => one.name === name)!;
  return shapeOf(found.declarations[0]!);
}

describe("exportsOf()", () => {
  test("follows re-exports, under their new names", () => {
    assert.deepEqual(exported.map(({ name }) => name), [
      "twice",
      "outer",
      "Shape",
      "NUMBER",
    ]);
  });

  test("keeps overloads together", () => {
    assert.equal(exported[0]!.declarations.length, 2);
  });

  test("refuses a name that the other module does not have", () => {
    const path = join(folder, "wrong.ts");
    writeFileSync(path, `export { gone } from "./some.ts";\n`);
    assert.throws(
      () => new Modules().exportsOf(path),
      /Cannot find "gone" in ".*some\.ts"/,
    );
  });
});

describe("shapeOf()", () => {
  test("shows a function without its body", () => {
    assert.equal(
      shape("twice").signature,
      "function twice(a: string): Promise<string>",
    );
  });

  test("shows a class without what is private", () => {
    const { signature, members } = shape("outer");
    assert.equal(signature, "class inner<T> extends Array<T>");
    assert.deepEqual(
      members.map(({ signature }) => signature.replace(/\s+/g, " ")),
      [
        "readonly size: number",
        "get value(): number",
        "constructor( first: T, )",
      ],
    );
  });

  test("gives members their comments", () => {
    assert.deepEqual(
      shape("Shape").members.map(({ comment }) => comment.text),
      ["Its name."],
    );
  });

  test("shows what a constant is", () => {
    assert.equal(shape("NUMBER").signature, "const NUMBER = 1");
  });
});

describe("parseDocComment()", () => {
  test("reads text, links and tags", () => {
    const comment = parseDocComment(`/**
 * Does {@linkcode Much}.
 *
 * More.
 *
 * @param name What it is
 *   called.
 * @returns Nothing
 * @example
 * \`\`\`ts
 * a(); // user@example.org
 * \`\`\`
 */`);
    assert.equal(comment.text, "Does `Much`.\n\nMore.");
    assert.deepEqual(comment.tags.map(({ tag, name }) => [tag, name]), [
      ["param", "name"],
      ["returns", ""],
      ["example", ""],
    ]);
    assert.match(comment.tags[0]!.text, /^What it is\s+called\.$/);
    assert.match(comment.tags[2]!.text, /user@example\.org/);
  });

  test("reads a tag behind the sentence of a line", () => {
    assert.deepEqual(parseDocComment("/** Reads. @throws If closed. */"), {
      text: "Reads.",
      tags: [{ tag: "throws", name: "", text: "If closed." }],
    });
  });

  test("is empty where there is no comment", () => {
    const node = exported.find(({ name }) => name === "NUMBER")!;
    assert.deepEqual(docCommentOf(node.declarations[0]!), {
      text: "",
      tags: [],
    });
  });
});
