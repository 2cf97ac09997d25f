/** The files of examples/deploy/, and the commands that they name. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./this_runtime.ts";

const FOLDER = join(ROOT, "examples/deploy");

/** Paths of all recipes below examples/deploy/. */
export function recipeFiles(): string[] {
  return readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(FOLDER.length + 1))
    .sort();
}

/** The text of a recipe. */
export function recipe(path: string): string {
  return readFileSync(join(FOLDER, path), "utf8");
}

/**
 * The arguments behind `main:app` in a recipe, of each command in it: in a shell's words, in a JSON
 * array as in Dockerfiles, or in a list of YAML.
 */
export function commandsOf(path: string): string[][] {
  const commands: string[][] = [];
  for (
    const [, json, list, words] of recipe(path).matchAll(
      /^(?:CMD (\[.*"main:app".*\])|( +- main:app\n(?: +(?:-|#) .*\n)*)|.*[\w.] main:app((?:.*\\\n)*.*))$/gm,
    )
  ) {
    if (json !== undefined) {
      const parts: string[] = JSON.parse(json);
      commands.push(parts.slice(parts.indexOf("main:app") + 1));
    } else if (list !== undefined) {
      const items = [...list.matchAll(/^ +- (.*)$/gm)];
      commands.push(items.slice(1).map(([, item]) => item!));
    } else {
      const text = words!.replace(/\\\n#?/g, " ").trim();
      commands.push(text === "" ? [] : text.split(/\s+/));
    }
  }
  return commands;
}
