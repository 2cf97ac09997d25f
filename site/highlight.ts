/** Colours for code, given when the site is built. */
import hljs from "highlight.js";
import { escapeHtml } from "./html.ts";

/** Languages of code blocks, and of files by the end of their names, that are not known as such. */
const NAMES: Readonly<Record<string, string>> = {
  mjs: "javascript",
  mts: "typescript",
  conf: "nginx",
  service: "ini",
  socket: "ini",
  cfg: "ini",
};

/**
 * Code as HTML, with a class for each kind of word.
 *
 * @param language As it stands behind a fence, or the end of a file's name; unknown ones get no
 * colours.
 */
export function highlight(code: string, language: string): string {
  const name = NAMES[language] ?? language;
  return hljs.getLanguage(name) === undefined
    ? escapeHtml(code)
    : hljs.highlight(code, { language: name }).value;
}

/** A code block. */
export function codeBlock(code: string, language: string): string {
  const label = language === "" ? "" : ` data-language="${language}"`;
  return `<div class="code"${label}><pre tabindex="0"><code>${
    highlight(code, language)
  }</code></pre></div>\n`;
}
