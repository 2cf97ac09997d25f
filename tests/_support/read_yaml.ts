/** Reads each of the YAML texts in a JSON array, its argument, and prints the results as JSON. */
import process from "node:process";
import { runtime } from "../../src/runtime/mod.ts";

const texts: string[] = JSON.parse(process.argv[2]!);
try {
  const read = await runtime.loadYaml();
  console.log(JSON.stringify(texts.map((text) => read(text))));
} catch (error) {
  const { name, message, exitCode } = error as Error & { exitCode?: number };
  console.log(JSON.stringify({ name, message, exitCode }));
}
