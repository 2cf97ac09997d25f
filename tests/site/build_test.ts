/** The documentation site as files: every page is there, and every link leads somewhere. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildSite, markdownFiles } from "../../site/build.ts";
import { urlOf } from "../../site/links.ts";
import { HOME, navigationOf } from "../../site/navigation.ts";
import { ROOT } from "../_support/this_runtime.ts";

const out = mkdtempSync(join(tmpdir(), "tricorn-site-"));
after(() => rmSync(out, { recursive: true, force: true }));
const { pages } = buildSite(ROOT, out);
const html = new Map(
  pages.map((url) => [url, readFileSync(join(out, url), "utf8")]),
);
const ids = new Map(
  [...html].map(([url, text]) => [
    url,
    new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)),
  ]),
);

/** Addresses in the attributes of a page. */
function addresses(text: string): string[] {
  return [...text.matchAll(/ (?:href|src)="([^"]*)"/g)]
    .map(([, address]) => address!.replaceAll("&amp;", "&"));
}

describe("the site", () => {
  test("has a page for everything in docs/, and the navigation leads to it", () => {
    const shown = navigationOf(markdownFiles(ROOT))
      .flatMap(({ entries }) => entries.map(({ file }) => file));
    const documents = markdownFiles(ROOT).filter((file) =>
      file.startsWith("docs/")
    );
    assert.ok(documents.length > 10);
    for (const file of documents) {
      assert.ok(pages.includes(urlOf(file)), file);
      assert.ok(file === HOME || shown.includes(file), file);
    }
  });

  test("has no page twice", () => {
    assert.equal(new Set(pages).size, pages.length);
  });

  for (const [url, text] of html) {
    test(`${url} is a page on its own`, () => {
      assert.match(text, /^<!doctype html>\n<html lang="en">/);
      assert.match(text, /<title>[^<]*Tricorn[^<]*<\/title>/);
      assert.equal(text.match(/<h1/g)?.length, 1, "one h1");
      assert.match(text, /<a class="skip" href="#content">/);
      assert.equal(
        text.match(/ aria-current="page"/g)?.length ?? 0,
        url in
            { "index.html": 1, "404.html": 1 } || url.startsWith("source/")
          ? 0
          : 1,
      );
      assert.doesNotMatch(text, /<img(?![^>]* alt="[^"])/);
    });

    test(`${url} links to nothing that is missing`, () => {
      const missing = addresses(text).filter((address) => {
        if (/^[a-z]+:/.test(address)) return false;
        const [path = "", hash] = address.split("#");
        const target = path === "" ? url : posix.join(posix.dirname(url), path);
        return target !== "." && !existsSync(join(out, target)) ||
          hash !== undefined && !ids.get(target)?.has(hash);
      });
      assert.deepEqual(missing, []);
    });

    test(`${url} loads nothing from elsewhere`, () => {
      const loaded = [
        ...text.matchAll(
          /<(?:script|img|link|iframe)[^>]* (?:src|href)="([^"]*)"/g,
        ),
      ].map(([, address]) => address!);
      assert.ok(loaded.length >= 3);
      assert.deepEqual(loaded.filter((one) => /^(?:[a-z]+:|\/)/.test(one)), []);
    });
  }

  test("works from a folder of any name: no address begins at the root", () => {
    for (const [url, text] of html) {
      assert.deepEqual(
        addresses(text).filter((address) => address.startsWith("/")),
        [],
        url,
      );
    }
  });
});

describe("the search index", () => {
  const [, json] = /^globalThis\.searchIndex = ([^]*);\n$/.exec(
    readFileSync(join(out, "assets/search_index.js"), "utf8"),
  )!;
  const rows: readonly (readonly string[])[] = JSON.parse(json!);

  test("has every page but those of sources", () => {
    const found = new Set(rows.map(([url]) => url));
    const missing = pages.filter((url) =>
      !found.has(url) && !url.startsWith("source/") && url !== "404.html"
    );
    assert.deepEqual(missing, []);
  });

  test("leads to headings that exist", () => {
    for (const [url, , id] of rows) {
      assert.ok(id === "" || ids.get(url!)?.has(id!), `${url}#${id}`);
    }
  });

  test("finds options and functions under their names", () => {
    const headings = rows.map(([, , , heading]) => heading);
    assert.ok(headings.some((one) => one!.startsWith("--timeout-keep-alive")));
    assert.ok(headings.includes("serve"));
  });
});

describe("the API reference", () => {
  const { exports } = JSON.parse(
    readFileSync(join(ROOT, "jsr.json"), "utf8"),
  ) as { readonly exports: Readonly<Record<string, string>> };

  for (const [name, path] of Object.entries(exports)) {
    if (name === "./cli") continue;
    const title = name === "." ? "tricorn" : `tricorn${name.slice(1)}`;

    test(`has what ${title} exports`, async () => {
      const [, text] = [...html].find(([url, text]) =>
        url.startsWith("api/") && text.includes(`<h1>${title}</h1>`)
      )!;
      const values = Object.keys(
        await import(pathToFileURL(join(ROOT, path)).href),
      );
      assert.ok(values.length > 0);
      for (const value of values) {
        assert.ok(text.includes(`<code>${value}</code>`), value);
      }
      assert.doesNotMatch(text, /#\w+[;(:]\s*<\/code>/, "no private member");
    });

    test(`docs/api.md names ${title}`, () => {
      const page = readFileSync(join(ROOT, "docs/api.md"), "utf8");
      assert.ok(page.includes(`\`${title}\``));
    });
  }
});

describe("buildSite()", () => {
  /** A repository with the least that a site needs, and one page. */
  function repository(page: string): string {
    const root = mkdtempSync(join(tmpdir(), "tricorn-site-root-"));
    for (const name of ["docs", "examples", "bench", "src", "site/assets"]) {
      mkdirSync(join(root, name), { recursive: true });
    }
    writeFileSync(join(root, "docs/README.md"), "# Home\n");
    writeFileSync(join(root, "docs/new_page.md"), page);
    writeFileSync(join(root, "jsr.json"), '{ "exports": {} }');
    return root;
  }

  function build(page: string): string {
    const root = repository(page);
    try {
      buildSite(root, join(root, "out"));
      return readFileSync(join(root, "out/new_page.html"), "utf8");
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }

  test("takes a page that nobody has named into the navigation", () => {
    assert.match(
      build("# A new page\n\nText.\n"),
      /<a href="new_page.html" aria-current="page">A new page<\/a>/,
    );
  });

  test("refuses a link to a file that does not exist", () => {
    assert.throws(
      () => build("# Page\n\n[gone](./gone.md)\n"),
      /Cannot find what docs\/new_page\.md links to: "\.\/gone\.md"/,
    );
  });

  test("refuses an image that does not exist", () => {
    assert.throws(
      () => build("# Page\n\n![gone](./gone.svg)\n"),
      /Cannot find an image of docs\/new_page\.md: "\.\/gone\.svg"/,
    );
  });

  test("makes a page of the source that is linked to", () => {
    assert.match(
      build("# Page\n\n[data](../jsr.json)\n"),
      /<a href="source\/jsr\.json\.html">data<\/a>/,
    );
  });
});

test("what a build leaves is removed by the next", () => {
  const before = readdirSync(out);
  writeFileSync(join(out, "stray.html"), "");
  buildSite(ROOT, out);
  assert.deepEqual(readdirSync(out).sort(), before.sort());
});
