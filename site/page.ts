/** The HTML around every page. */
import { escapeHtml, textOf } from "./html.ts";
import { relativeUrl } from "./links.ts";
import type { Heading } from "./markdown.ts";

/** A page as the navigation shows it. */
export interface NavigationLink {
  readonly title: string;
  readonly url: string;
}

/** A heading of the navigation with its pages. */
export interface NavigationGroup {
  readonly title: string;
  readonly links: readonly NavigationLink[];
}

/** What differs between pages. */
export interface PageContent {
  readonly title: string;
  readonly url: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** A path in the repository, shown below the page. */
  readonly file?: string;
  /** In the place of the title. */
  readonly hero?: string;
}

/** What is the same on all pages. */
export interface Frame {
  readonly navigation: readonly NavigationGroup[];
  readonly version: string;
}

const DESCRIPTION =
  "Tricorn is an ASGI server for Deno, Bun and Node: HTTP/1.1 and WebSockets over raw sockets, the same on three runtimes.";

/** Runs before anything is painted, so that no page flashes in the wrong colours. */
const CHOOSE_THEME =
  `try{const t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch{}document.documentElement.classList.add("scripted")`;

const LOGO =
  `<svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><path class="a" d="M16 4C13 12 9 17 3 21"/><path class="b" d="M16 4c3 8 7 13 13 17"/><path class="c" d="M3 21c8 6 18 6 26 0"/></svg>`;

const ICONS = {
  search:
    `<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="9" cy="9" r="5.5"/><path d="m13.5 13.5 4 4"/></svg>`,
  theme:
    `<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7"/><path class="full" d="M10 3a7 7 0 0 1 0 14z"/></svg>`,
  menu:
    `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 5.5h14M3 10h14M3 14.5h14"/></svg>`,
};

/** A whole page. */
export function pageHtml(page: PageContent, frame: Frame): string {
  const to = (url: string) => relativeUrl(page.url, url);
  const order = frame.navigation.flatMap(({ links }) => links);
  const at = order.findIndex(({ url }) => url === page.url);
  const isHome = page.hero !== undefined;
  const title = isHome
    ? "Tricorn: an ASGI server for Deno, Bun and Node"
    : `${page.title} · Tricorn`;
  const contents = page.headings.filter(({ depth }) => depth <= 3);
  const hasContents = !isHome && contents.length > 1;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(DESCRIPTION)}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${to("assets/icon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${to("assets/style.css")}">
<script>${CHOOSE_THEME}</script>
<script defer src="${to("assets/site.js")}" data-root="${
    to("index.html").replace(/index\.html$/, "")
  }"></script>
</head>
<body${isHome ? ' class="home"' : ""}>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<button class="icon menu-button" popovertarget="menu" aria-label="Pages">${ICONS.menu}</button>
<a class="brand" href="${to("index.html")}">${LOGO}<span>Tricorn</span></a>
<span class="version">${escapeHtml(frame.version)}</span>
<button class="search-button needs-script" type="button">${ICONS.search}<span>Search</span><kbd>/</kbd></button>
<button class="icon theme-button needs-script" type="button" aria-label="Light or dark">${ICONS.theme}</button>
</header>
<div class="columns">
<nav id="menu" class="pages" popover aria-label="Pages">
${frame.navigation.map((group) => groupHtml(group, page.url)).join("")}</nav>
<main id="content" tabindex="-1">
${page.hero ?? ""}<article>
${isHome ? "" : `<h1>${escapeHtml(page.title)}</h1>\n`}${
    hasContents
      ? `<details class="contents-inline"><summary>On this page</summary>${
        contentsHtml(contents)
      }</details>\n`
      : ""
  }${page.html}</article>
<footer>
${neighboursHtml(order[at - 1], at < 0 ? undefined : order[at + 1], page.url)}${
    page.file === undefined
      ? ""
      : `<p>Made from <code>${escapeHtml(page.file)}</code></p>\n`
  }</footer>
</main>
${
    hasContents
      ? `<nav class="contents" aria-label="On this page"><p>On this page</p>${
        contentsHtml(contents)
      }</nav>\n`
      : ""
  }</div>
<dialog class="search" aria-label="Search">
<form method="dialog">${ICONS.search}<input type="search" placeholder="Search the documentation" aria-label="Search the documentation" autocomplete="off" spellcheck="false"><button aria-label="Close">Esc</button></form>
<ol role="list"></ol>
<p class="status" role="status"></p>
</dialog>
</body>
</html>
`;
}

function groupHtml({ title, links }: NavigationGroup, here: string): string {
  return `<p>${escapeHtml(title)}</p>\n<ul role="list">\n${
    links.map(({ title, url }) =>
      `<li><a href="${relativeUrl(here, url)}"${
        url === here ? ' aria-current="page"' : ""
      }>${escapeHtml(title)}</a></li>\n`
    ).join("")
  }</ul>\n`;
}

function contentsHtml(headings: readonly Heading[]): string {
  return `<ul role="list">${
    headings.map(({ depth, id, html }) =>
      `<li class="depth-${depth}"><a href="#${id}">${
        html.includes("<code>")
          ? `<code>${escapeHtml(textOf(html))}</code>`
          : escapeHtml(textOf(html))
      }</a></li>`
    ).join("")
  }</ul>`;
}

function neighboursHtml(
  before: NavigationLink | undefined,
  after: NavigationLink | undefined,
  here: string,
): string {
  const link = (page: NavigationLink | undefined, rel: string, word: string) =>
    page === undefined
      ? ""
      : `<a class="${rel}" rel="${rel}" href="${
        relativeUrl(here, page.url)
      }"><span>${word}</span>${escapeHtml(page.title)}</a>\n`;
  return `<nav class="neighbours" aria-label="Neighbours">\n${
    link(before, "prev", "Before")
  }${link(after, "next", "Next")}</nav>\n`;
}
