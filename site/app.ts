/** The folder of a site as an application. */
import { join } from "node:path";
import type { AsgiApp } from "../mod.ts";
import { sendFile } from "../src/helpers/mod.ts";

/** An application that serves the files of `folder`, and its `404.html` for all other paths. */
export function siteApp(folder: string): AsgiApp {
  return async (scope, _receive, send) => {
    if (scope.type !== "http") return;
    const path = scope.path.endsWith("/")
      ? `${scope.path}index.html`
      : scope.path;
    const isInside = !path.split("/").includes("..") && !path.includes("\0");
    if (isInside && await sendFile(scope, send, join(folder, path))) return;
    await send({
      type: "http.response.start",
      status: 404,
      headers: [["content-type", "text/html; charset=utf-8"]],
    });
    await send({
      type: "http.response.pathsend",
      path: join(folder, "404.html"),
    });
  };
}
