/** What the first page shows above its text: the name, an application, a command per runtime. */
import { highlight } from "./highlight.ts";
import { escapeHtml } from "./html.ts";

const APPLICATION = `// main.js
export async function app(scope, receive, send) {
  if (scope.type !== "http") return;
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"]],
  });
  await send({
    type: "http.response.body",
    body: "Hello, world!\\n",
  });
}
`;

const COMMANDS: readonly (readonly [string, string])[] = [
  ["Deno", "deno run -A jsr:@tricorn/serve main:app"],
  ["Bun", "bunx --bun tricorn main:app"],
  ["Node", "npx tricorn main:app"],
];

/** @param title Of the first page. */
export function heroHtml(title: string): string {
  return `<section class="hero">
<div>
<h1>${escapeHtml(title)}</h1>
<p>One ASGI server for <b class="deno">Deno</b>, <b class="bun">Bun</b> and <b class="node">Node</b>: what Uvicorn is to Python. HTTP/1.1 and WebSockets are its own code over raw sockets, so behaviour, limits and logs are the same on all three.</p>
<p class="actions"><a class="button" href="quickstart.html">Quickstart</a><a href="asgi.html">ASGI in ten minutes</a></p>
</div>
<div class="sample">
<pre tabindex="0"><code>${highlight(APPLICATION, "typescript")}</code></pre>
<div class="tabs">
${
    COMMANDS.map(([runtime, command], index) =>
      `<input type="radio" name="runtime" id="on-${runtime}"${
        index === 0 ? " checked" : ""
      }><label for="on-${runtime}" class="${runtime.toLowerCase()}">${runtime}</label><pre tabindex="0"><code><span class="prompt">$ </span>${
        escapeHtml(command)
      }</code></pre>`
    ).join("\n")
  }
</div>
</div>
</section>
`;
}

/**
 * The text of the first page: a card for each heading. What stands above them is left out, because
 * the hero says it.
 */
export function cardsHtml(html: string): string {
  const [, ...cards] = html.split(/(?=<h2 )/);
  return `<div class="cards">\n${
    cards.map((card) => `<section>\n${card}</section>\n`).join("")
  }</div>\n`;
}
