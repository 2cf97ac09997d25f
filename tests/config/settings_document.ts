/** docs/settings.md from the table of options. Run as a program, it writes the file. */
import { writeFileSync } from "node:fs";
import { defaultText, flagsText, rangeText } from "../../src/cli/help.ts";
import { COMMAND_FLAGS } from "../../src/cli/parse_flags.ts";
import { OPTION_GROUPS } from "../../src/config/options/definition.ts";
import {
  excludesOf,
  OPTION_NAMES,
  OPTIONS,
  variablesOf,
} from "../../src/config/options/mod.ts";

const INTRODUCTION = `# Settings

Every option can be given on the command line, as an environment variable, in a configuration file,
and in the API. A flag beats a variable, a variable beats the file, the file beats the default. The
API reads neither variables nor files. What is wrong is told in one line that names the option and
where it came from; the command then ends with exit code 2.

## Variables

An empty variable counts as not set. Booleans are \`1\`, \`true\`, \`t\`, \`yes\`, \`y\`, \`on\` or \`0\`,
\`false\`, \`f\`, \`no\`, \`n\`, \`off\`, in any case. Lists are split at white space, so a header whose
value has a space needs the flag; lists of paths are split as PATH is: at colons, on Windows at
semicolons. \`TRICORN_APP\` is the application, and \`TRICORN_INTERNALS=off\` keeps the server from
using what a runtime does not document.

Where no option names an address, in whatever way, the command listens on the sockets that
\`LISTEN_FDS\` counts; else, on Deno, where \`DENO_SERVE_ADDRESS\` says, as \`tcp:HOST:PORT\` or
\`unix:PATH\`; else on the port of \`PORT\`.

Files of variables, \`--env-file\`, are read before all other variables, so they may set options and
\`TRICORN_APP\` too. What is set already wins over every file, and the first file over the next; an
option in a variable of the process hence beats the same option in a file. A line is \`NAME=value\`,
perhaps after \`export\`; \`#\` after white space begins a comment. Between single quotes everything is
literal, between double quotes there are escapes such as \`\\n\`, and quoted values may have several
lines. \`\${NAME}\` and \`\${NAME:-default}\` are expanded, except between single quotes. In the API,
\`envFile\` fills the environment of the process before the application is loaded.

- **Bun** reads \`.env\`, \`.env.local\` and the like by itself, before Tricorn: they count as set, and win
  over \`--env-file\`. Start it with \`bun --no-env-file\` to leave them out.
- **Node** looks at \`--env-file\` even where it stands behind the script. It leaves the reading to
  Tricorn, but ends with \`not found\` and code 9 if the file does not exist. \`TRICORN_ENV_FILE\` and
  \`node -- cli.js main:app --env-file .env\` keep it out.
- **Deno** needs \`--allow-env\` for the variables that are set, and \`--allow-read\` for the file.

## Configuration files

A file with one of these names in the working directory is read; folders above are not looked at.
\`--config PATH\`, or \`TRICORN_CONFIG\`, names another one, and \`--config ""\` none.

- \`tricorn.config.ts\`, \`.mts\`, \`.js\`, \`.mjs\`: a module whose default export holds the options. It is
  imported by the runtime, and may hold functions.
- \`tricorn.config.json\`.
- \`tricorn.config.yaml\`, \`.yml\`: read by \`Bun.YAML\` on Bun, by \`jsr:@std/yaml\` on Deno, which
  downloads it once, and by the package \`yaml\` on Node, which \`npm install yaml\` installs.
- \`--config deno.json\` and \`--config package.json\` read the key \`tricorn\` of that file.

The keys are the names of the API, and \`app\`, the application that the command runs unless an
argument or \`TRICORN_APP\` names one. Paths are relative to the working directory, wherever the file
is.

\`\`\`js
import { defineConfig } from "tricorn"; // on Deno "jsr:@tricorn/serve"

export default defineConfig({
  app: "main:app",
  port: 9000,
  headers: [["x-served-by", "tricorn"]],
});
\`\`\`

\`defineConfig()\` returns its argument, and lets an editor check it; a plain object will do. In JSON
and YAML a text may stand for what it says on the command line: \`"0660"\` for \`udsMode\`, which is
octal, \`"X-Served-By: tricorn"\` for a header, and \`no\` or \`off\` for false, which YAML 1.2 takes for
texts. A key that is unknown, or stands twice, is an error. \`tricorn.schema.json\`, in the package
and in the repository, describes these files to editors: \`"$schema":
"./node_modules/tricorn/tricorn.schema.json"\` in JSON, and in YAML the comment \`#
yaml-language-server: $schema=./node_modules/tricorn/tricorn.schema.json\`.

\`tricorn --check\` loads configuration, certificates, log configuration and application without
starting anything, and prints where each setting comes from.

This page is made from the table in \`src/config/options/mod.ts\`.
`;

/** The whole file. */
export function settingsDocument(): string {
  const chapters = OPTION_GROUPS.map((group) => {
    const options = OPTION_NAMES.filter((name) => OPTIONS[name].group === group)
      .map((name) => {
        const excludes = excludesOf(name);
        const { help, type, fallbackVariables = [] } = OPTIONS[name];
        const variables = [...variablesOf(name), ...fallbackVariables];
        const facts = [
          ["API", code([name])],
          ["Variable", type.kind === "program" ? undefined : code(variables)],
          [
            "Default",
            defaultText(name) ?? (type.kind === "boolean" ? "off" : "none"),
          ],
          ["Range", rangeText(type)],
          [
            "Not with",
            excludes.length === 0
              ? undefined
              : code(excludes.map((e) => OPTIONS[e].flag)),
          ],
        ].filter(([, text]) => text !== undefined);
        const list = facts.map(([label, text]) => `- ${label}: ${text}`).join(
          "\n",
        );
        const title = type.kind === "program" ? name : flagsText(name);
        return `### \`${title}\`\n\n${help}\n\n${list}\n`;
      });
    return `## ${group}\n\n${options.join("\n")}`;
  });
  const commands = COMMAND_FLAGS.map(
    ({ flag, aliases, metavar, variable, help }) => {
      const spellings = [...aliases, flag].join(", ");
      const title = metavar === undefined
        ? spellings
        : `${spellings} ${metavar}`;
      const fact = variable === undefined
        ? ""
        : `\n- Variable: ${code([variable])}\n`;
      return `### \`${title}\`\n\n${help}\n${fact}`;
    },
  );
  return `${INTRODUCTION}\n${chapters.join("\n")}\n## The command alone\n\n${
    commands.join("\n")
  }`;
}

function code(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}

if (import.meta.main) {
  writeFileSync(
    new URL("../../docs/settings.md", import.meta.url),
    settingsDocument(),
  );
}
