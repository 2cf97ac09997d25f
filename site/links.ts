/** Links of the repository, turned into links of the site. */
import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** Where a page of the site comes from, and where it is. */
export interface Place {
  /** Path of the file from the root of the repository. */
  readonly file: string;
  /** Path of the page from the root of the site. */
  readonly url: string;
}

/** What a link of one page leads to. */
export interface Links {
  /** @param href As it stands in the Markdown. @throws If nothing is there. */
  link(href: string): string;
  /** @throws If no such image is there. */
  image(href: string): { readonly light: string; readonly dark: string };
}

/** What pages refer to beside each other: collected while they are rendered. */
export interface References {
  /** Files of the repository that become pages with their source. */
  readonly sources: Set<string>;
  /** Images, from the root of the repository. */
  readonly images: Set<string>;
}

/** Pages that lie elsewhere than their files. */
const PLACES: Readonly<Record<string, string>> = {
  "README.md": "overview.html",
  "docs/README.md": "index.html",
};

/** Where the page of a Markdown file lies on the site. */
export function urlOf(file: string): string {
  const path = file.replace(/\.md$/, "").toLowerCase();
  return PLACES[file] ??
    (file.startsWith("docs/")
      ? `${path.slice("docs/".length)}.html`
      : `${path.replace(/\/readme$/, "").replaceAll("/", "_")}.html`);
}

/** Where the page with the source of a file lies. */
export function sourceUrlOf(file: string): string {
  return `source/${file}.html`;
}

/** Where an image goes. @param scheme Of the two it is made for, if that makes a difference. */
export function imageUrlOf(
  file: string,
  scheme: "" | "light" | "dark",
): string {
  const name = posix.basename(file);
  return `images/${
    scheme === "" ? name : name.replace(/\.svg$/, `.${scheme}.svg`)
  }`;
}

/** A path from one page of the site to another. */
export function relativeUrl(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to) || posix.basename(to);
}

/**
 * The links of one page.
 *
 * @param root Of the repository.
 * @param pages All pages that are made of Markdown.
 */
export function linksOf(
  { file, url }: Place,
  root: string,
  pages: ReadonlyMap<string, Place>,
  references: References,
): Links {
  const inRepository = (href: string) =>
    posix.join(posix.dirname(file), decodeURI(href));
  return {
    link(href) {
      if (/^[a-z]+:/.test(href) || href.startsWith("#")) return href;
      const [path = "", hash] = href.split("#");
      const target = inRepository(path).replace(/\/$/, "");
      const page = pages.get(target) ?? pages.get(`${target}/README.md`);
      const fragment = hash === undefined ? "" : `#${hash}`;
      if (page !== undefined) return relativeUrl(url, page.url) + fragment;
      const full = join(root, target);
      if (!existsSync(full) || statSync(full).isDirectory()) {
        throw new Error(`Cannot find what ${file} links to: "${href}"`);
      }
      references.sources.add(target);
      return relativeUrl(url, sourceUrlOf(target));
    },
    image(href) {
      const target = inRepository(href);
      if (!existsSync(join(root, target))) {
        throw new Error(`Cannot find an image of ${file}: "${href}"`);
      }
      references.images.add(target);
      const to = (scheme: "" | "light" | "dark") =>
        relativeUrl(url, imageUrlOf(target, scheme));
      return target.endsWith(".svg")
        ? { light: to("light"), dark: to("dark") }
        : { light: to(""), dark: to("") };
    },
  };
}

/** An SVG image that knows both schemes, fixed to one of them. */
export function svgFor(scheme: "light" | "dark", svg: string): string {
  return svg.replace(
    /@media \(prefers-color-scheme: dark\)/g,
    scheme === "dark" ? "@media all" : "@media not all",
  );
}
