/** The documentation site: every page of the repository's Markdown, as a folder of static files. */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { VERSION } from "../src/version.ts";
import { apiPages } from "./api/reference.ts";
import { cardsHtml, heroHtml } from "./hero.ts";
import { codeBlock } from "./highlight.ts";
import {
  imageUrlOf,
  linksOf,
  type Place,
  type References,
  sourceUrlOf,
  svgFor,
  urlOf,
} from "./links.ts";
import { renderMarkdown, type Section } from "./markdown.ts";
import { HOME, navigationOf } from "./navigation.ts";
import { type Frame, type NavigationGroup, pageHtml } from "./page.ts";

/** Files that a page may be made from: the rest of the repository is not for the site. */
const FOLDERS = ["docs", "examples", "bench", "src"];

/** The page behind which the pages of the API reference stand. */
const API = "docs/api.md";

/** What was built. */
export interface Site {
  /** Paths of all pages below the folder. */
  readonly pages: readonly string[];
}

interface Page extends Place {
  readonly title: string;
  readonly html: string;
  readonly headings: ReturnType<typeof renderMarkdown>["headings"];
  readonly sections: readonly Section[];
}

/**
 * Builds the site of the repository at `root` into the folder `out`, which is emptied first.
 *
 * @throws If a page links to a file that does not exist.
 */
export function buildSite(root: string, out: string): Site {
  const files = markdownFiles(root);
  const groups = navigationOf(files);
  const shown = [
    HOME,
    ...groups.flatMap(({ entries }) => entries.map(({ file }) => file)),
  ];
  const places = new Map(
    shown.map((file): [string, Place] => [file, { file, url: urlOf(file) }]),
  );
  const references: References = { sources: new Set(), images: new Set() };
  const pages = [...places.values()].map((place): Page => {
    const text = readFileSync(join(root, place.file), "utf8");
    const links = linksOf(place, root, places, references);
    return { ...place, ...renderMarkdown(text, links) };
  });
  const reference = apiPages(root);
  const byFile = new Map(pages.map((page) => [page.file, page]));
  const navigation = groups.map(({ title, entries }): NavigationGroup => ({
    title,
    links: entries.flatMap(({ file, label }) => [
      { title: label ?? byFile.get(file)!.title, url: urlOf(file) },
      ...(file === API ? reference : []),
    ]),
  }));
  const frame: Frame = { navigation, version: VERSION };

  rmSync(out, { recursive: true, force: true });
  const written: string[] = [];
  const write = (url: string, text: string) => {
    const path = join(out, url);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (url.endsWith(".html")) written.push(url);
  };
  for (const page of pages) {
    const home = page.file === HOME
      ? { hero: heroHtml(page.title), html: cardsHtml(page.html) }
      : {};
    write(page.url, pageHtml({ ...page, ...home }, frame));
  }
  for (const page of reference) write(page.url, pageHtml(page, frame));
  for (const file of references.sources) {
    const url = sourceUrlOf(file);
    const text = readFileSync(join(root, file), "utf8");
    const html = codeBlock(text, /\.(\w+)$/.exec(file)?.[1] ?? "");
    write(url, pageHtml({ title: file, url, html, headings: [] }, frame));
  }
  write(
    "404.html",
    pageHtml({
      title: "There is no such page",
      url: "404.html",
      html:
        `<p>Try the search, or begin at <a href="index.html">the start</a>.</p>`,
      headings: [],
    }, frame),
  );
  for (const file of references.images) copyImage(root, file, write);
  const assets = join(root, "site/assets");
  for (const name of readdirSync(assets)) {
    mkdirSync(join(out, "assets"), { recursive: true });
    copyFileSync(join(assets, name), join(out, "assets", name));
  }
  write("assets/search_index.js", searchIndex([...pages, ...reference]));
  return { pages: written };
}

/** Paths of all Markdown files that can become pages, from the root, with `/`. */
export function markdownFiles(root: string): string[] {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name.split(sep).join("/")}`)
  );
  return [...readdirSync(root), ...below]
    .filter((name) => name.endsWith(".md")).sort();
}

function copyImage(
  root: string,
  file: string,
  write: (url: string, text: string) => void,
): void {
  if (!file.endsWith(".svg")) {
    throw new Error(`Cannot use the image "${file}": expected an SVG image`);
  }
  const svg = readFileSync(join(root, file), "utf8");
  write(imageUrlOf(file, "light"), svgFor("light", svg));
  write(imageUrlOf(file, "dark"), svgFor("dark", svg));
}

/** A script with what the search knows: `[url, page, id, heading, text]` for each section. */
function searchIndex(
  pages: readonly {
    readonly url: string;
    readonly title: string;
    readonly sections: readonly Section[];
  }[],
): string {
  const rows = pages.flatMap(({ url, title, sections }) =>
    sections.map(({ id, heading, text }) => [url, title, id, heading, text])
  );
  return `globalThis.searchIndex = ${JSON.stringify(rows)};\n`;
}
