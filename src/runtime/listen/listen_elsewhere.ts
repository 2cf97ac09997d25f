/**
 * Makes a socket listen, by a process that does so and exits before it accepts anything. On Node and
 * Deno this is the one way that is documented: a server of theirs in this process would accept. A
 * socket listens as long as any process has it open.
 */
import { spawn } from "node:child_process";
import { tcpAddress } from "./addresses.ts";
import { deno } from "../_deno_types.ts";
import { demandEnvironment, demandRun } from "../process/child_command.ts";
import type { Address } from "../types.ts";

/** The descriptor that the process gets the socket as. */
const GIVEN = 3;
const STDIN = 0;

/** The callback comes before the event loop has looked for connections. */
const PROGRAM = (fd: number, backlog: number): string =>
  `import { createServer } from "node:net";
import process from "node:process";
const tell = (told) => {
  process.stdout.write(JSON.stringify(told));
  process.exit();
};
const server = createServer();
server.on("error", ({ code, message }) => tell({ code, message }));
server.listen({ fd: ${fd}, backlog: ${backlog} }, () => tell({ address: server.address() }));`;

/** What it prints. */
interface Told {
  readonly address?: { readonly address: string; readonly port: number } | null;
  readonly code?: string;
  readonly message?: string;
}

/**
 * Listens on `descriptor`, which is a bound socket of this process.
 *
 * @returns What it is bound to; `undefined` if it is a UNIX socket.
 * @throws The system's error, with its `code`.
 */
export async function listenElsewhere(
  descriptor: number,
  backlog: number,
): Promise<Address | undefined> {
  const { address, code, message } = await run(descriptor, backlog);
  if (code !== undefined) throw Object.assign(new Error(message), { code });
  return tcpAddress(address?.address, address?.port);
}

function run(descriptor: number, backlog: number): Promise<Told> {
  // Deno 2.9 and Bun 1.4 hand standard input on as nothing but standard input (no upstream issue is
  // known).
  const isStdin = descriptor === STDIN;
  const text = PROGRAM(isStdin ? STDIN : GIVEN, backlog);
  const program = process.execPath;
  demandRun(program);
  const args = deno === undefined
    ? ["--input-type=module", "--eval", text]
    // An address of a module, with no permission but one that says nothing: without any, Deno 2.9
    // gives all.
    : [
      "run",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      "--quiet",
      "--allow-sys=hostname",
      `data:text/javascript,${encodeURIComponent(text)}`,
    ];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: isStdin
        ? ["inherit", "pipe", "inherit"]
        : ["ignore", "pipe", "inherit", descriptor],
      env: { ...demandEnvironment(), NODE_OPTIONS: "" },
    });
    let output = "";
    child.stdout!.setEncoding("utf8").on("data", (text) => output += text);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      try {
        resolve(JSON.parse(output));
      } catch {
        const end = signal ?? `exit code ${code}`;
        reject(new Error(`the process that was to listen ended with ${end}`));
      }
    });
  });
}
