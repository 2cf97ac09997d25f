/** Text and HTML: what all parts of the site write with. */

/** `text` as it may stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The text of a piece of HTML, without its tags, on one line. */
export function textOf(html: string): string {
  return html.replace(/<[^>]*>/g, " ").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&").replace(/\s+/g, " ").trim();
}

/** Gives headings the ids that GitHub gives them, so that a link to one works in both places. */
export class Slugs {
  readonly #counts = new Map<string, number>();

  /** The id of the next heading. @param text Its text, without markup. */
  next(text: string): string {
    const plain = text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
      .replaceAll(" ", "-");
    const count = this.#counts.get(plain);
    this.#counts.set(plain, (count ?? 0) + 1);
    return count === undefined ? plain : `${plain}-${count}`;
  }
}
