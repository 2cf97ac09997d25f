/** Loads the files of `--env-file` into the environment of the process. */
import { ConfigError } from "../errors.ts";
import { parseDotenv } from "./dotenv.ts";
import { quote } from "./options/value_types.ts";
import { readTextFile } from "./text_file.ts";

/** The environment that is added to. */
export interface WritableEnv {
  /** A variable; `undefined` if it is unset, or without permission to read it. */
  env(name: string): string | undefined;
  /** Sets a variable; returns false without permission to. */
  setEnv(name: string, value: string): boolean;
}

/**
 * Sets the variables of `paths`, file by file, unless they are set already, be it to an empty text.
 * So a variable of the process wins over all files, and the first file over the next.
 *
 * @returns Where each variable that was set stands, such as ` in '.env', line 2`.
 * @param source What named the files, quoted as in messages.
 * @throws ConfigError naming file and line.
 */
export async function loadEnvFiles(
  paths: readonly string[],
  source: string,
  env: WritableEnv,
): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>();
  for (const path of paths) {
    const where = `${quote(path)} of ${source}`;
    const file = await readTextFile(path);
    if ("reason" in file) {
      throw new ConfigError(
        `Cannot read environment file ${where}: ${file.reason}`,
      );
    }
    const read = parseDotenv(file.text, env.env);
    if ("problem" in read) {
      throw new ConfigError(
        `Cannot read environment file ${where}, line ${read.line}: ${read.problem}`,
      );
    }
    for (const [name, { value, line }] of read.variables) {
      if (env.env(name) !== undefined) continue;
      if (env.setEnv(name, value)) {
        places.set(name, ` in ${quote(path)}, line ${line}`);
        continue;
      }
      throw new ConfigError(
        `Cannot set ${name} from environment file ${where}: Deno does not allow it, run it with ` +
          `--allow-env=${name}`,
      );
    }
  }
  return places;
}
