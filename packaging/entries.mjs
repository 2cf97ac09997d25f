/** What programs import, and what the command runs: name of the entry to its module. */
export const ENTRIES = {
  mod: "mod.ts",
  cli: "cli.ts",
  helpers: "src/helpers/mod.ts",
  testing: "src/testing/mod.ts",
  "adapters/fetch": "src/application/adapters/fetch/mod.ts",
};
