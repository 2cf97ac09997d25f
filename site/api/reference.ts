/** Pages of the API reference: one for each module that the packages export. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { highlight } from "../highlight.ts";
import { escapeHtml, Slugs, textOf } from "../html.ts";
import {
  type Heading,
  renderMarkdown,
  type Resolver,
  type Section,
} from "../markdown.ts";
import { Modules } from "./declarations.ts";
import {
  type DocComment,
  docCommentOf,
  moduleCommentOf,
} from "./doc_comment.ts";
import { type Member, shapeOf } from "./signatures.ts";

/** The reference of one module. */
export interface ModulePage {
  /** As it is imported from npm, such as `tricorn/helpers`. */
  readonly title: string;
  /** Below the root of the site, such as `api/helpers.html`. */
  readonly url: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

/** Comments link to nothing but addresses and RFCs. */
const COMMENT_LINKS: Resolver = {
  link: (href) => href,
  image: (href) => ({ light: href, dark: href }),
};

/** Exports that are programs and not modules to import from. */
const COMMANDS: readonly string[] = ["./cli"];

/** The pages of all modules that `jsr.json` of the repository at `root` exports. */
export function apiPages(root: string): ModulePage[] {
  const { exports } = JSON.parse(
    readFileSync(join(root, "jsr.json"), "utf8"),
  ) as { readonly exports: Readonly<Record<string, string>> };
  const modules = new Modules();
  return Object.entries(exports)
    .filter(([name]) => !COMMANDS.includes(name))
    .map(([name, path]) => modulePage(modules, name, join(root, path)));
}

function modulePage(
  modules: Modules,
  name: string,
  path: string,
): ModulePage {
  const sub = name.slice(2);
  const title = sub === "" ? "tricorn" : `tricorn/${sub}`;
  const exported = modules.exportsOf(path)
    .map((one) => ({ ...one, shape: shapeOf(one.declarations[0]!) }))
    .sort((a, b) => rank(a.shape.kind) - rank(b.shape.kind));
  const names = new Set(exported.map((one) => one.name));
  const slugs = new Slugs();
  const headings: Heading[] = [];
  const comment = moduleCommentOf(modules.source(path));
  const parts = [
    `<p>On JSR <code>@tricorn/serve${
      sub === "" ? "" : `/${sub}`
    }</code>.</p>\n`,
    docHtml(comment),
  ];
  const sections: Section[] = [
    { id: "", heading: title, text: textOf(docHtml(comment)) },
  ];
  let kind = "";
  for (const { name, declarations, shape } of exported) {
    if (shape.kind !== kind) {
      kind = shape.kind;
      const label = GROUPS[shape.kind];
      const id = slugs.next(label);
      headings.push({ depth: 2, id, html: label });
      parts.push(`<h2 id="${id}">${label}${anchor(id, label)}</h2>\n`);
    }
    const id = slugs.next(name);
    const heading = `<code>${escapeHtml(name)}</code>`;
    headings.push({ depth: 3, id, html: heading });
    const html = declarations.map((declaration) => {
      const { signature, members } = shapeOf(declaration);
      return signatureHtml(signature, names) +
        docHtml(docCommentOf(declaration)) + membersHtml(members, names);
    }).join("");
    parts.push(`<h3 id="${id}">${heading}${anchor(id, name)}</h3>\n${html}`);
    sections.push({ id, heading: name, text: textOf(html).slice(0, 600) });
  }
  return {
    title,
    url: `api/${sub === "" ? "tricorn" : sub.replaceAll("/", "_")}.html`,
    html: parts.join(""),
    headings,
    sections,
  };
}

const GROUPS = {
  function: "Functions",
  class: "Classes",
  constant: "Constants",
  interface: "Interfaces",
  type: "Types",
};

function rank(kind: keyof typeof GROUPS): number {
  return Object.keys(GROUPS).indexOf(kind);
}

function anchor(id: string, label: string): string {
  return `<a class="anchor" href="#${id}" aria-label="Link to “${
    escapeHtml(label)
  }”">#</a>`;
}

function signatureHtml(signature: string, names: ReadonlySet<string>): string {
  return `<div class="code signature"><pre tabindex="0"><code>${
    linked(highlight(signature, "typescript"), names)
  }</code></pre></div>\n`;
}

/** Names of the same page become links to them. */
function linked(html: string, names: ReadonlySet<string>): string {
  return html.replace(
    /(<[^>]*>)|\b([A-Z]\w*)\b/g,
    (all, tag: string | undefined, name: string) =>
      tag !== undefined || !names.has(name)
        ? all
        : `<a href="#${name.toLowerCase()}">${name}</a>`,
  );
}

function membersHtml(
  members: readonly Member[],
  names: ReadonlySet<string>,
): string {
  if (members.length === 0) return "";
  return `<dl class="members">\n${
    members.map(({ signature, comment }) =>
      `<dt><code>${
        linked(highlight(signature, "typescript"), names)
      }</code></dt>\n<dd>${docHtml(comment)}</dd>\n`
    ).join("")
  }</dl>\n`;
}

function docHtml({ text, tags }: DocComment): string {
  const markdown = (source: string) =>
    renderMarkdown(source, COMMENT_LINKS).html;
  const items = (title: string, tag: string) => {
    const found = tags.filter((one) => one.tag === tag && one.text !== "");
    if (found.length === 0) return "";
    return `<p class="tag">${title}</p>\n<ul>${
      found.map(({ name, text }) =>
        `<li>${markdown(name === "" ? text : `\`${name}\`: ${text}`)}</li>`
      ).join("")
    }</ul>\n`;
  };
  const examples = tags.filter(({ tag }) => tag === "example")
    .map(({ text }) => markdown(text)).join("");
  return markdown(text) + items("Parameters", "param") +
    items("Returns", "returns") + items("Throws", "throws") + examples;
}
