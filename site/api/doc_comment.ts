/** Doc comments: the text in front of a declaration, and its tags. */
import ts from "typescript";

/** A tag such as `@param name text`. */
export interface Tag {
  readonly tag: string;
  /** Of a parameter. */
  readonly name: string;
  /** Markdown. */
  readonly text: string;
}

/** A doc comment. */
export interface DocComment {
  /** Markdown. */
  readonly text: string;
  readonly tags: readonly Tag[];
}

/** The comment of a declaration, or of its module if `node` is a source file's first statement. */
export function docCommentOf(node: ts.Node): DocComment {
  const source = node.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(source, node.pos) ?? [];
  const last = ranges.map(({ pos, end }) => source.slice(pos, end))
    .findLast((text) => text.startsWith("/**"));
  return parseDocComment(last ?? "");
}

/** The comment that a module begins with. */
export function moduleCommentOf(file: ts.SourceFile): DocComment {
  const comment = /^(?:#![^\n]*\n)?\s*(\/\*\*[^]*?\*\/)/.exec(file.text)?.[1];
  return parseDocComment(comment ?? "");
}

/** Reads a comment. @param comment With its marks. */
export function parseDocComment(comment: string): DocComment {
  const text = comment.replace(/^\/\*\*\s?/, "").replace(/\s*\*\/$/, "")
    .replace(/^[ \t]*\* ?/gm, "")
    .replace(
      /\{@link(?:code|plain)? ([^}|\s]+)(?:[|\s]+([^}]+))?\}/g,
      (_, name: string, label?: string) => `\`${label ?? name}\``,
    );
  // A tag begins a line, or stands behind the only sentence of a one-line comment.
  const [head = "", ...rest] = text.split(
    /(?:^|\n|(?<=\.) )@(?=(?:param|returns|throws|example|module|default|typeParam|deprecated|template)\b)/,
  );
  return {
    text: head.trim(),
    tags: rest.map((piece) => {
      const [, tag = "", body = ""] = /^(\w+)\s?([^]*)$/.exec(piece)!;
      if (tag !== "param") return { tag, name: "", text: body.trim() };
      const [, name = "", more = ""] = /^(\S+)\s*(?:- )?([^]*)$/.exec(body)!;
      return { tag, name, text: more.trim() };
    }),
  };
}
