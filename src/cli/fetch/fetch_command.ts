/** `tricorn fetch`: one request from the shell to an application, without a port. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { Config } from "../../config/config.ts";
import type { OptionsInput } from "../../config/options/mod.ts";
import { ConfigError } from "../../errors.ts";
import { runtime } from "../../runtime/mod.ts";
import { loggingFor } from "../../server/process_logging.ts";
import { ConnectionLost } from "../../testing/errors.ts";
import type { TestResponse } from "../../testing/http/test_response.ts";
import { TestClient } from "../../testing/test_client.ts";
import { fileReason } from "../../text/file_reason.ts";
import { printable } from "../../text/printable.ts";
import { configure } from "../configure.ts";
import {
  type FetchData,
  type FetchRequest,
  parseFetch,
} from "./fetch_arguments.ts";

/** What a failing status exits with under `--fail`, as curl does. */
const FAILED_STATUS = 22;
/** The connection broke before the response was whole, or its output could not be written. */
const BROKEN = 1;

/** The text of `tricorn fetch --help`. */
export const FETCH_HELP = `Usage: tricorn fetch [OPTIONS] [APP] URL

Start an application, send it one request, print the body of the response, and
stop it. No port is opened. URL is a path, or a URL with http:// or https://.
APP may be left out if TRICORN_APP or a configuration file names it.

  -X, --request METHOD      The method. [default: GET, with --data POST]
  -H 'NAME: VALUE'          A header; may be repeated.
  -d, --data TEXT|@PATH     The body, or the file that has it; @- is standard
                            input. Several are joined by '&'.
  -i, --include             Print status line and headers too.
  -f, --fail                Exit with 22 for a status of 400 and above.
  -h, --help                Show this text and exit.

All options of a server can be used: see tricorn --help. Log lines go to
standard error; without --log-level only warnings and errors are logged.

Exit codes: 1 if the connection broke, 2 for wrong usage, 3 if the application
could not be started, 22 as above.

Examples:
  tricorn fetch main:app /
  tricorn fetch main:app /items -d '{"name":"a"}' -H 'Content-Type: application/json'
  tricorn fetch main:app https://example.com/login -i --fail
`;

/**
 * Runs it.
 *
 * @param args What follows the word.
 * @returns The exit code.
 * @throws ConfigError for wrong usage; what a start fails with.
 */
export async function fetchCommand(args: readonly string[]): Promise<number> {
  const request = parseFetch(args);
  if (request === "help") {
    runtime.stdout.write(FETCH_HELP);
    return 0;
  }
  const { command } = request;
  const body = await bodyOf(request.data);
  const { config, given } = await configure(command);
  return await fetchOnce(quiet(config, given.values), request, body);
}

/** `config`, logging warnings and worse unless `given` says something of it. */
function quiet(config: Config, given: OptionsInput): Config {
  if (given.logLevel !== undefined || given.logConfig !== undefined) {
    return config;
  }
  const options = {
    ...given,
    envFile: undefined,
    logLevel: "warning" as const,
  };
  return new Config(config.app, options);
}

async function fetchOnce(
  config: Config,
  request: FetchRequest,
  body: Uint8Array<ArrayBuffer> | undefined,
): Promise<number> {
  // Standard output is the response's.
  const logging = loggingFor(config, runtime.stderr);
  const client = new TestClient(config, { logs: [], logging });
  try {
    await client.open();
  } catch (error) {
    return error instanceof ConfigError ? error.exitCode : 3;
  }
  try {
    return await ask(client, request, body);
  } finally {
    await client.close();
  }
}

async function ask(
  client: TestClient,
  request: FetchRequest,
  body: Uint8Array<ArrayBuffer> | undefined,
): Promise<number> {
  const headers = new Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  if (body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/x-www-form-urlencoded");
  }
  try {
    const response = await client.fetch(request.url, {
      method: request.method,
      headers,
      ...body === undefined ? {} : { body },
    });
    await print(response, request.showsHead);
    const hasFailed = request.failsOnError && response.status >= 400;
    return hasFailed ? FAILED_STATUS : 0;
  } catch (error) {
    if (error instanceof TypeError) { // the standard has no such request
      throw new ConfigError(`Cannot send request: ${printable(error.message)}`);
    }
    if (!(error instanceof ConnectionLost) && !(error instanceof OutputError)) {
      throw error;
    }
    runtime.stderr.write(`ERROR:    ${printable(error.message)}\n`);
    return BROKEN;
  }
}

/** Standard output takes no more. */
class OutputError extends Error {
  override readonly name = "OutputError";
}

async function print(
  response: TestResponse,
  showsHead: boolean,
): Promise<void> {
  if (showsHead) {
    const { status, statusText, rawHeaders } = response;
    const lines = rawHeaders.map(([name, value]) => `${name}: ${value}\r\n`);
    const text = `HTTP/1.1 ${status} ${statusText}\r\n${lines.join("")}\r\n`;
    await write(Uint8Array.from(text, (unit) => unit.charCodeAt(0)));
  }
  if (response.body === null) return;
  for await (const bytes of response.body) await write(bytes);
}

/** Waits until standard output has taken `bytes`. */
function write(bytes: Uint8Array): Promise<void> {
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new OutputError(`Cannot write response: ${error.message}`));
    stdout.once("error", fail);
    stdout.write(bytes, (error) => {
      if (error) return fail(error);
      stdout.off("error", fail);
      resolve();
    });
  });
}

async function bodyOf(
  data: readonly FetchData[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (data.length === 0) return undefined;
  const pieces: BlobPart[] = [];
  for (const one of data) {
    if (pieces.length > 0) pieces.push("&");
    pieces.push(one.kind === "text" ? one.text : await contentOf(one.path));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function contentOf(path: string): Promise<Blob> {
  if (path !== "-") {
    try {
      return new Blob([new Uint8Array(await readFile(path))]);
    } catch (error) {
      throw new ConfigError(
        `Cannot read file '${printable(path)}' (--data): ${
          fileReason(error, path)
        }`,
      );
    }
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const bytes of process.stdin) pieces.push(new Uint8Array(bytes));
  return new Blob(pieces);
}
