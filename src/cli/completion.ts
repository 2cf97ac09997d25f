/** Scripts that let shells complete the command, from the table of options. */
import { OPTIONS, TEXT_OPTION_NAMES } from "../config/options/mod.ts";
import type { OptionType } from "../config/options/value_types.ts";
import {
  COMMAND_FLAGS,
  FETCH,
  negated,
  SUB_COMMANDS,
  type SubCommand,
} from "./parse_flags.ts";

/** The shells that there is a script for. */
export type Shell = "bash" | "zsh" | "fish";

/** What may follow a flag: nothing, one of some words, a path, or something else. */
type Value =
  | { readonly kind: "none" | "file" | "folder" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "other"; readonly metavar: string };

/** One flag in all its spellings. */
interface Entry {
  /** Long ones with two dashes, short ones with one. */
  readonly spellings: readonly string[];
  readonly value: Value;
  readonly isRepeatable: boolean;
  /** A few words without a final period. */
  readonly help: string;
}

/** A word that may stand in the place of the application. */
interface Word {
  readonly name: SubCommand | typeof FETCH;
  /** A few words without a final period. */
  readonly help: string;
  readonly own: readonly Entry[];
  /** Whether the flags of a server follow, too, and an application. */
  readonly takesApplication: boolean;
}

/** The script for `shell`, with the final line end. */
export function completionScript(shell: Shell): string {
  const script = { bash, zsh, fish }[shell];
  return `${script(entries(), WORDS).join("\n")}\n`;
}

function own(
  spellings: readonly string[],
  help: string,
  value: Value = { kind: "none" },
  isRepeatable = false,
): Entry {
  return { spellings, value, isRepeatable, help };
}

const HELP: Readonly<Record<SubCommand, string>> = {
  status: "Show a running server",
  stop: "Stop a running server",
  reload: "Do what SIGHUP does",
  top: "Show a running server again and again",
};
const OWN: Readonly<Record<SubCommand, readonly Entry[]>> = {
  status: [own(["--json"], "Print JSON")],
  stop: [own(["--force"], "Do not wait for requests in progress")],
  reload: [],
  top: [
    own(["--interval"], "Seconds between two looks", {
      kind: "other",
      metavar: "NUMBER",
    }),
  ],
};

const WORDS: readonly Word[] = [
  ...SUB_COMMANDS.map((name) => ({
    name,
    help: HELP[name],
    own: OWN[name],
    takesApplication: false,
  })),
  {
    name: FETCH,
    help: "Send one request to an application",
    own: [
      own(["-X", "--request"], "Method", { kind: "other", metavar: "METHOD" }),
      own(["-H"], "Header", { kind: "other", metavar: "HEADER" }, true),
      own(["-d", "--data"], "Body", { kind: "other", metavar: "DATA" }, true),
      own(["-i", "--include"], "Print the head of the response"),
      own(["-f", "--fail"], "Fail for a status of 400 or above"),
    ],
    takesApplication: true,
  },
];

/** Flags by which a running server is found, and help. */
const PLACES: ReadonlySet<string> = new Set([
  "--pid-file",
  "--control-socket",
  "--env-file",
  "--config",
  "--help",
]);

function isPlace({ spellings }: Entry): boolean {
  return spellings.some((spelling) => PLACES.has(spelling));
}

/** Names of the words that ask a running server. */
const ASKING = SUB_COMMANDS.join(" ");

function flagsOf(entries: readonly Entry[]): string {
  return entries.flatMap(({ spellings }) => spellings).join(" ");
}

function entries(): readonly Entry[] {
  const found: Entry[] = [];
  for (const name of TEXT_OPTION_NAMES) {
    const { flag, aliases = [], type, help: text } = OPTIONS[name];
    const isRepeatable = type.kind === "list";
    const value = valueOf(type);
    const help = summary(text);
    const spellings = [flag, ...aliases];
    found.push({ spellings, value, isRepeatable, help });
    if (type.kind === "boolean" && type.isNegatable) {
      const spellings = [negated(flag)];
      found.push({ spellings, value, isRepeatable, help: `Not: ${help}` });
    }
  }
  for (const { flag, aliases, metavar, choices, help } of COMMAND_FLAGS) {
    found.push({
      spellings: [flag, ...aliases],
      value: choices !== undefined
        ? { kind: "words", words: choices }
        : { kind: metavar === undefined ? "none" : "file" },
      isRepeatable: false,
      help: summary(help),
    });
  }
  return found;
}

function valueOf(type: OptionType): Value {
  switch (type.kind) {
    case "boolean":
    case "program":
      return { kind: "none" };
    case "switch":
      return { kind: "words", words: ["true", "false"] };
    case "choice":
      return { kind: "words", words: type.choices };
    case "text":
    case "list":
      if (type.metavar === "DIRECTORY") return { kind: "folder" };
      return /^(PATH|CERTFILE)\b/.test(type.metavar)
        ? { kind: "file" }
        : { kind: "other", metavar: type.metavar };
    case "integer":
    case "number":
      return { kind: "other", metavar: "NUMBER" };
    case "octal":
      return { kind: "other", metavar: "MODE" };
  }
}

/** The first sentence. */
function summary(help: string): string {
  return /^(.*?)[.;:](?:\s|$)/.exec(help)?.[1] ?? help;
}

function bash(all: readonly Entry[], words: readonly Word[]): string[] {
  const known = [...all, ...words.flatMap(({ own }) => own)];
  const cases = known.filter(({ value }) => value.kind !== "none").map(
    ({ spellings, value }) =>
      `    ${spellings.join("|")}) ${bashReply(value)} return ;;`,
  );
  const places = flagsOf(all.filter(isPlace));
  const flags = words.map(({ name, own, takesApplication }) => {
    const others = takesApplication ? "$flags" : places;
    return `    ${name}) flags="${[flagsOf(own), others].join(" ").trim()}" ;;`;
  });
  return [
    "# Completes tricorn in bash. To use it now and in every shell, add to ~/.bashrc:",
    '#   eval "$(tricorn --completion bash)"',
    "_tricorn() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}"',
    '  local before="${COMP_WORDS[COMP_CWORD - 1]}"',
    "  # bash takes --flag=value for three words.",
    '  if [[ $current == "=" ]]; then',
    '    current=""',
    '  elif [[ $before == "=" ]]; then',
    '    before="${COMP_WORDS[COMP_CWORD - 2]}"',
    "  fi",
    "  COMPREPLY=()",
    "  case $before in",
    ...cases,
    "  esac",
    `  local flags="${flagsOf(all)}"`,
    "  case ${COMP_WORDS[1]} in",
    ...flags,
    "  esac",
    "  if [[ $current == -* ]]; then",
    `    COMPREPLY=($(compgen -W "$flags" -- "$current"))`,
    "    return",
    "  fi",
    "  if ((COMP_CWORD > 1)); then",
    `    case \${COMP_WORDS[1]} in ${
      ASKING.replaceAll(" ", "|")
    }) return ;; esac`,
    "  else",
    `    COMPREPLY=($(compgen -W "${
      words.map(({ name }) => name).join(" ")
    }" -- "$current"))`,
    "  fi",
    "  local IFS=$'\\n'",
    '  COMPREPLY+=($(compgen -f -- "$current"))',
    "}",
    "complete -o filenames -F _tricorn tricorn",
  ];
}

function bashReply(value: Value): string {
  switch (value.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W "${
        value.words.join(" ")
      }" -- "$current"));`;
    case "file":
      return `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current"));`;
    case "folder":
      return `local IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$current"));`;
    default:
      return "";
  }
}

function zsh(all: readonly Entry[], words: readonly Word[]): string[] {
  const places = all.filter(isPlace);
  const cases = words.flatMap(({ name, own, takesApplication }) => [
    `    ${name})`,
    "      shift words",
    "      ((CURRENT--))",
    "      _arguments -s -S \\",
    ...zshSpecs([...own, ...takesApplication ? all : places]).map((line) =>
      `    ${line}`
    ),
    takesApplication
      ? "        '1:application:_files' '2:URL: '"
      : "        '*:nothing:()'",
    "      return",
    "      ;;",
  ]);
  const described = words.map(({ name, help }) => `    '${name}:${help}'`);
  return [
    "#compdef tricorn",
    "# Completes tricorn in zsh. To use it in every shell, save it as _tricorn in a folder of",
    "# $fpath, or add to ~/.zshrc, below compinit:",
    '#   eval "$(tricorn --completion zsh)"',
    "_tricorn_first() {",
    "  local -a commands=(",
    ...described,
    "  )",
    "  _describe -t commands command commands",
    "  _files",
    "}",
    "_tricorn() {",
    "  ((CURRENT > 2)) && case $words[2] in",
    ...cases,
    "  esac",
    "  _arguments -s -S \\",
    ...zshSpecs(all),
    "    '1:application:_tricorn_first'",
    "}",
    "if [[ $funcstack[1] == _tricorn ]]; then",
    '  _tricorn "$@"',
    "else",
    "  compdef _tricorn tricorn",
    "fi",
  ];
}

/** Arguments of `_arguments`, one a line. */
function zshSpecs(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ spellings, value, isRepeatable, help }) =>
    spellings.map((spelling) => {
      const others = isRepeatable
        ? "*"
        : spellings.length > 1
        ? `(${spellings.join(" ")})`
        : "";
      const joint = value.kind === "none"
        ? ""
        : spelling.startsWith("--")
        ? "="
        : "+";
      const spec = `${others}${spelling}${joint}[${zshText(help)}]${
        zshValue(value)
      }`;
      return `    '${spec.replaceAll("'", "'\\''")}' \\`;
    })
  );
}

function zshValue(value: Value): string {
  switch (value.kind) {
    case "none":
      return "";
    case "words":
      return `:value:(${value.words.join(" ")})`;
    case "file":
      return ":path:_files";
    case "folder":
      return ":folder:_files -/";
    case "other":
      return `:${zshText(value.metavar)}: `;
  }
}

function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&");
}

function fish(all: readonly Entry[], words: readonly Word[]): string[] {
  const places = all.filter(isPlace);
  const others = all.filter((entry) => !isPlace(entry));
  return [
    "# Completes tricorn in fish. To use it in every shell:",
    "#   tricorn --completion fish > ~/.config/fish/completions/tricorn.fish",
    "function __tricorn_first",
    "  set -l words (commandline -opc)",
    '  contains -- "$words[2]" $argv',
    "end",
    ...words.map(({ name, help }) =>
      `complete -c tricorn -n 'test (count (commandline -opc)) -eq 1' -a ${name} -d '${help}'`
    ),
    `complete -c tricorn -n '__tricorn_first ${ASKING}' -f`,
    ...words.flatMap(({ name, own }) =>
      fishLines(own, `-n '__tricorn_first ${name}'`)
    ),
    ...fishLines(places),
    ...fishLines(others, `-n 'not __tricorn_first ${ASKING}'`),
  ];
}

/** @param condition When these are offered; `""` for always. */
function fishLines(entries: readonly Entry[], condition = ""): string[] {
  return entries.map(({ spellings, value, help }) => {
    const names = spellings.map((spelling) =>
      spelling.startsWith("--")
        ? `-l ${spelling.slice(2)}`
        : `-s ${spelling.slice(1)}`
    );
    return [
      "complete -c tricorn",
      ...condition === "" ? [] : [condition],
      ...names,
      ...fishValue(value),
      `-d '${help.replace(/[\\']/g, "\\$&")}'`,
    ].join(" ");
  });
}

function fishValue(value: Value): string[] {
  switch (value.kind) {
    case "none":
      return [];
    case "words":
      return [`-x -a '${value.words.join(" ")}'`];
    case "file":
      return ["-r -F"];
    case "folder":
      return ["-x -a '(__fish_complete_directories)'"];
    case "other":
      return ["-x"];
  }
}
