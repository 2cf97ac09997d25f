/** Whether this runtime was told to load something else before the command. */
import { homedir } from "node:os";
import { bun } from "../_bun_types.ts";
import { builtins } from "./builtins.ts";
import { childCommand } from "./child_command.ts";
import { host } from "./host.ts";

/** Flags that load modules, variables or settings, from files that only they name. */
const LOADS =
  /^(-r|--require|--import|--preload|--loader|--experimental-loader|--env-file|--env-file-if-exists|-c|--config|--experimental-config-file|--experimental-default-config-file|--tsconfig-override|--import-map)(=|$)/;
/** Variables that hold such flags. */
const VARIABLES = ["NODE_OPTIONS", "BUN_OPTIONS"];

/** See `Runtime.hasPreloads`. */
export function hasPreloads(): boolean {
  const flags = VARIABLES.flatMap((name) =>
    (host.env(name) ?? "").split(/[\s"']+/)
  );
  const { args } = childCommand();
  return hasLoadingFlag([...flags, ...args.slice(0, -1)]) ||
    bun !== undefined && bunfigs().some(namesPreload);
}

/** Whether one of these words of a command line loads something. */
export function hasLoadingFlag(words: readonly string[]): boolean {
  return words.some((word) => LOADS.test(word));
}

/** Where Bun looks for its settings. */
function bunfigs(): string[] {
  const folders = [host.cwd(), homedir(), host.env("XDG_CONFIG_HOME")];
  return folders.filter((folder) => folder !== undefined)
    .flatMap((folder) => [`${folder}/bunfig.toml`, `${folder}/.bunfig.toml`]);
}

function namesPreload(path: string): boolean {
  try {
    return /^\s*preload\b/m.test(builtins.fs.readFileSync(path, "utf8"));
  } catch {
    return false; // there is none
  }
}
