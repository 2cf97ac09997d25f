/** What follows `tricorn fetch`: flags of the request, and those of a server. */
import { ConfigError } from "../../errors.ts";
import { quote } from "../../config/options/value_types.ts";
import { printable } from "../../text/printable.ts";
import { isToken } from "../../text/token.ts";
import { parseFlags, type RunCommand, takesNext } from "../parse_flags.ts";

/** A request from the shell. */
export interface FetchRequest {
  /** A path, or a URL. */
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Pieces of the body, in their order; empty without one. */
  readonly data: readonly FetchData[];
  /** Whether the head of the response is printed too. */
  readonly showsHead: boolean;
  /** Whether a status of 400 or above is a failure. */
  readonly failsOnError: boolean;
  /** The application, and the options of its server. */
  readonly command: RunCommand;
}

/** A piece of a body. */
export type FetchData =
  | { readonly kind: "text"; readonly text: string }
  /** `path` is `-` for standard input. */
  | { readonly kind: "file"; readonly path: string };

/** The flags of the request, in all their spellings. */
const FLAGS: Readonly<
  Record<string, "method" | "header" | "data" | "head" | "fail">
> = {
  "-X": "method",
  "--request": "method",
  "-H": "header",
  "-d": "data",
  "--data": "data",
  "-i": "head",
  "--include": "head",
  "-f": "fail",
  "--fail": "fail",
};

/**
 * Parses the arguments.
 *
 * @returns What to print instead, if help was asked for.
 * @throws ConfigError for wrong usage.
 */
export function parseFetch(args: readonly string[]): FetchRequest | "help" {
  const own = { method: [], header: [], data: [], head: [], fail: [] } as {
    readonly [K in typeof FLAGS[string]]: string[];
  };
  const rest: string[] = [];
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    if (argument === "--") {
      words.push(...args.slice(at + 1));
      break;
    }
    const { spelling, value } = takeApart(argument);
    const name = FLAGS[spelling];
    if (name === undefined) {
      if (!argument.startsWith("-") || argument === "-") words.push(argument);
      else {
        rest.push(argument);
        if (takesNext(argument) && at + 1 < args.length) rest.push(args[++at]!);
      }
    } else if (name === "head" || name === "fail") {
      if (value !== undefined) {
        throw new ConfigError(`Option '${spelling}' does not take a value.`);
      }
      own[name].push("");
    } else {
      const text = value ?? args[++at];
      if (text === undefined) {
        throw new ConfigError(`Option '${spelling}' requires an argument.`);
      }
      own[name].push(text);
    }
  }
  const command = parseFlags(rest);
  if (command.action === "help") return "help";
  if (command.action !== "run" || command.isCheck) {
    throw new ConfigError(
      "Cannot use --check, --completion or --version with 'tricorn fetch'.",
    );
  }
  const { app, url } = placesOf(words);
  return {
    url,
    method: methodOf(own.method, own.data.length > 0),
    headers: own.header.map(headerOf),
    data: own.data.map((text) =>
      text.startsWith("@")
        ? { kind: "file", path: text.slice(1) }
        : { kind: "text", text }
    ),
    showsHead: own.head.length > 0,
    failsOnError: own.fail.length > 0,
    command: { ...command, app },
  };
}

/** Splits `--data=x`, `-dx` and `-d` into spelling and value. */
function takeApart(
  argument: string,
): { readonly spelling: string; readonly value: string | undefined } {
  if (argument.startsWith("--")) {
    const [spelling, value] = argument.split(/=(.*)/s);
    return { spelling: spelling!, value };
  }
  const short = argument.slice(0, 2);
  const isOurs = argument.length > 2 && FLAGS[short] !== undefined;
  return isOurs
    ? { spelling: short, value: argument.slice(2) }
    : { spelling: argument, value: undefined };
}

/** The application may be named elsewhere, the URL may not. */
function placesOf(
  words: readonly string[],
): { readonly app: string | undefined; readonly url: string } {
  const [first, second, ...extra] = words;
  if (extra.length > 0) {
    const plural = extra.length === 1 ? "" : "s";
    throw new ConfigError(
      `Got unexpected extra argument${plural} (${printable(extra.join(" "))})`,
    );
  }
  const url = second ?? first;
  const app = second === undefined ? undefined : first;
  if (url !== undefined && /^(\/|https?:\/\/)/.test(url)) return { app, url };
  throw new ConfigError(
    second === undefined
      ? "Missing argument 'URL': expected a path, such as /, or a URL with http:// or https://"
      : `Invalid value for 'URL': ${
        quote(second)
      } is neither a path, such as /, nor a URL with http:// or https://.`,
  );
}

function methodOf(given: readonly string[], hasData: boolean): string {
  const method = given.at(-1);
  if (method === undefined) return hasData ? "POST" : "GET";
  if (isToken(method)) return method;
  throw new ConfigError(
    `Invalid value for '--request': ${quote(method)} is not a method.`,
  );
}

function headerOf(text: string): [name: string, value: string] {
  const colon = text.indexOf(":");
  const name = text.slice(0, Math.max(colon, 0)).trim();
  if (!isToken(name) || /[\r\n\0]/.test(text)) {
    throw new ConfigError(
      `Invalid value for '-H': ${
        quote(text)
      } is not a header, such as 'Accept: text/html'.`,
    );
  }
  return [name, text.slice(colon + 1).trim()];
}
