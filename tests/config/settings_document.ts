/** docs/settings.md from the table of options. Run as a program, it writes the file. */
import { writeFileSync } from "node:fs";
import { defaultText, flagsText, rangeText } from "../../src/cli/help.ts";
import { OPTION_GROUPS } from "../../src/config/options/definition.ts";
import {
  excludesOf,
  OPTION_NAMES,
  OPTIONS,
  variablesOf,
} from "../../src/config/options/mod.ts";

const INTRODUCTION = `# Settings

Every option can be given on the command line, as an environment variable, and in the API. A flag
beats a variable, a variable beats the default. The API reads no variables. What is wrong is told in
one line that names the option; the command then ends with exit code 2.

Variables: an empty one counts as not set. Booleans are \`1\`, \`true\`, \`t\`, \`yes\`, \`y\`, \`on\` or \`0\`,
\`false\`, \`f\`, \`no\`, \`n\`, \`off\`, in any case. Lists are split at white space, so a header whose
value has a space needs the flag. \`TRICORN_APP\` is the application, and
\`TRICORN_INTERNALS=off\` keeps the server from using what a runtime does not document.

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
  return `${INTRODUCTION}\n${chapters.join("\n")}`;
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
