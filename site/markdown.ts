/** Markdown to the HTML of one page. */
import { Marked, type Tokens } from "marked";
import { codeBlock } from "./highlight.ts";
import { escapeHtml, Slugs, textOf } from "./html.ts";

/** A heading below the page's title. */
export interface Heading {
  /** 2 to 6. */
  readonly depth: number;
  readonly id: string;
  readonly html: string;
}

/** A page, or the part of one below a heading, as the search knows it. */
export interface Section {
  /** Id of the heading; `""` for what stands above the first. */
  readonly id: string;
  readonly heading: string;
  readonly text: string;
}

/** What a Markdown file becomes. */
export interface Rendered {
  /** Text of its first heading. */
  readonly title: string;
  /** What stands below that heading. */
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

/** Where the links and images of a file lead on the site. */
export interface Resolver {
  /** @param href As it stands in the file. */
  link(href: string): string;
  /** The addresses of an image in light and in dark. @param href As it stands in the file. */
  image(href: string): { readonly light: string; readonly dark: string };
}

/** Renders one file. */
export function renderMarkdown(source: string, resolver: Resolver): Rendered {
  const slugs = new Slugs();
  const headings: Heading[] = [];
  const sections: Section[] = [];
  let title = "";
  /** Of the section that is being rendered. */
  let text: string[] = [];
  let id = "";
  let heading = "";

  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }: Tokens.Heading): string {
        const html = this.parser.parseInline(tokens);
        const plain = textOf(html);
        const slug = slugs.next(plain);
        if (depth === 1 && title === "") {
          title = plain;
          heading = plain;
          return "";
        }
        headings.push({ depth, id: slug, html });
        return `<h${depth} id="${slug}">${html}` +
          `<a class="anchor" href="#${slug}" aria-label="Link to “${
            escapeHtml(plain)
          }”">#</a></h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        const to = escapeHtml(resolver.link(href));
        return `<a href="${to}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        const { light, dark } = resolver.image(href);
        const alt = escapeHtml(text);
        return light === dark
          ? `<img src="${light}" alt="${alt}" loading="lazy">`
          : `<img class="for-light" src="${light}" alt="${alt}" loading="lazy">` +
            `<img class="for-dark" src="${dark}" alt="${alt}" loading="lazy">`;
      },
      code({ text, lang }: Tokens.Code): string {
        return codeBlock(text, lang ?? "");
      },
    },
  });

  const endSection = () => {
    sections.push({ id, heading, text: text.join(" ") });
    text = [];
  };
  const pieces: string[] = [];
  for (const token of marked.lexer(source)) {
    if (token.type === "heading") {
      const known = headings.length;
      const html = marked.parser([token]);
      if (headings.length > known) {
        endSection();
        const last = headings[headings.length - 1]!;
        id = last.id;
        heading = textOf(last.html);
      }
      pieces.push(html);
      continue;
    }
    const html = marked.parser([token]);
    const isTable = token.type === "table";
    pieces.push(
      isTable ? `<div class="table" tabindex="0">${html}</div>\n` : html,
    );
    const words = textOf(html);
    if (words !== "") text.push(words);
  }
  endSection();
  return { title, html: pieces.join(""), headings, sections };
}
