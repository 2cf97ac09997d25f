/** Options of Uvicorn that are not implemented yet, each with an alternative. */

/** Alternatives by flag; a sentence without capital and period. */
const PLANNED: Readonly<Record<string, string>> = {
  "--env-file-if-exists": "give --env-file where the file exists",
  "--http2": "leave it to a proxy in front of the server",
};

/**
 * The alternative to an option that is not implemented yet; `undefined` if it is not planned.
 *
 * @param flag With its dashes; may be the `--no-` form.
 */
export function insteadOf(flag: string): string | undefined {
  const positive = flag.replace(/^--no-/, "--");
  return Object.hasOwn(PLANNED, positive) ? PLANNED[positive] : undefined;
}
