import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Slugs, textOf } from "../../site/html.ts";
import { renderMarkdown, type Resolver } from "../../site/markdown.ts";

const PLAIN: Resolver = {
  link: (href) => href,
  image: (href) => ({ light: `light/${href}`, dark: `dark/${href}` }),
};

describe("Slugs", () => {
  for (
    const [text, slug] of [
      ["The request body", "the-request-body"],
      ["`--host`, `--hostname` TEXT", "--host---hostname-text"],
      [
        "How a server's process begins, and ends",
        "how-a-servers-process-begins-and-ends",
      ],
      ["snake_case stays", "snake_case-stays"],
      ["Über Größe", "über-größe"],
    ] as const
  ) {
    test(`gives "${text}" the id that GitHub gives it`, () => {
      assert.equal(new Slugs().next(text), slug);
    });
  }

  test("numbers what comes again", () => {
    const slugs = new Slugs();
    assert.deepEqual(
      ["Options", "Options", "Options"].map((one) => slugs.next(one)),
      ["options", "options-1", "options-2"],
    );
  });
});

describe("textOf()", () => {
  test("takes tags away and reads entities once", () => {
    assert.equal(textOf("<p>a &lt;b&gt;\n &amp;lt; c</p>"), "a <b> &lt; c");
  });
});

describe("renderMarkdown()", () => {
  test("takes the first heading as title and leaves it out", () => {
    const { title, html } = renderMarkdown("# A `b` c\n\nText\n", PLAIN);
    assert.equal(title, "A b c");
    assert.equal(html, "<p>Text</p>\n");
  });

  test("cuts the text into sections at the headings", () => {
    const { sections } = renderMarkdown(
      "# T\n\nzero\n\n## One\n\none\n\ntwo\n\n### Two\n\n```ts\nlet a;\n```\n",
      PLAIN,
    );
    assert.deepEqual(sections, [
      { id: "", heading: "T", text: "zero" },
      { id: "one", heading: "One", text: "one two" },
      { id: "two", heading: "Two", text: "let a;" },
    ]);
  });

  test("lets a table scroll by itself", () => {
    const { html } = renderMarkdown("# T\n\n| a |\n| - |\n| b |\n", PLAIN);
    assert.match(html, /^<div class="table" tabindex="0"><table>/);
  });

  test("shows an image of two schemes twice", () => {
    const { html } = renderMarkdown("# T\n\n![a](b.svg)\n", PLAIN);
    assert.match(html, /<img class="for-light" src="light\/b.svg" alt="a"/);
    assert.match(html, /<img class="for-dark" src="dark\/b.svg" alt="a"/);
  });

  test("escapes code, in a language or in none", () => {
    for (const language of ["ts", "", "nothing"]) {
      const { html } = renderMarkdown(
        `# T\n\n\`\`\`${language}\na < b\n\`\`\`\n`,
        PLAIN,
      );
      assert.equal(textOf(html), "a < b");
      assert.match(html, /&lt;/);
    }
  });
});
