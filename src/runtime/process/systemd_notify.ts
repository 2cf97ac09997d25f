/**
 * Messages to systemd (sd_notify(3)): datagrams to the UNIX socket that `NOTIFY_SOCKET` names. No
 * runtime has such sockets, so the C library sends them where it can be called, and the program
 * `systemd-notify` elsewhere.
 */
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { type Libc, loadLibc, loadsQuietly } from "./libc.ts";
import { connectUnix, SEND_FLAGS } from "./unix_datagrams.ts";

/** The clock of Linux that systemd goes by. */
const CLOCK_MONOTONIC = 1;

/** systemd-notify waits for systemd, which may be busy, for 5 s. */
const MAX_PROGRAM_MS = 10_000;

/**
 * Tells systemd `state`, assignments such as `READY=1`, one a line.
 *
 * @param socket Value of `NOTIFY_SOCKET`: a path, or `@` and an abstract name.
 * @throws Error, in one line, if that cannot be done.
 */
export async function notifySystemd(
  state: string,
  socket: string,
): Promise<void> {
  if (!/^[/@]./.test(socket)) {
    throw new Error(
      `Cannot notify systemd at "${socket}": expected an absolute path, or "@" and a name`,
    );
  }
  const libc = loadsQuietly() ? loadLibc() : undefined;
  if (libc !== undefined) {
    return sendDatagram(libc, withTime(state, libc), socket);
  }
  // One after the other: each is a process of its own, and the first may be the slowest.
  const before = running;
  running = before.catch(() => {}).then(() => runProgram(state, socket));
  await running;
}

/** The message that is under way. */
let running: Promise<void> = Promise.resolve();

/** `Type=notify-reload` wants to know when a reload has begun, by the clock that systemd goes by. */
function withTime(state: string, libc: Libc): string {
  if (!isReload(state)) return state;
  const time = new BigInt64Array(2);
  if (libc.clock_gettime(CLOCK_MONOTONIC, time) < 0) return state;
  const [seconds, nanoseconds] = time as unknown as [bigint, bigint];
  const microseconds = seconds * 1_000_000n + nanoseconds / 1000n;
  return `${state}\nMONOTONIC_USEC=${microseconds}`;
}

function isReload(state: string): boolean {
  return /^RELOADING=1$/m.test(state);
}

function sendDatagram(libc: Libc, state: string, socket: string): void {
  const fail = (): never => {
    throw new Error(
      `Cannot notify systemd at "${socket}": the socket does not take it`,
    );
  };
  const descriptor = connectUnix(libc, socket);
  if (descriptor < 0) fail();
  try {
    const bytes = Buffer.from(state);
    if (libc.send(descriptor, bytes, bytes.length, SEND_FLAGS) < 0) fail();
  } finally {
    libc.close(descriptor);
  }
}

/** From this version on the program tells the time of a reload, and services ask for it. */
const RELOADING_SINCE = 253;
let version: Promise<number> | undefined;

async function runProgram(state: string, socket: string): Promise<void> {
  const words = state.split("\n").filter((line) => line !== "");
  if (!isReload(state)) return await runWith(words, socket);
  version ??= readVersion();
  const tellsTime = await version >= RELOADING_SINCE;
  await runWith(
    tellsTime
      ? ["--reloading", ...words.filter((word) => !isReload(word))]
      : words,
    socket,
  );
}

/** Of the program; 0 if it cannot be told. */
function readVersion(): Promise<number> {
  return new Promise((resolve) => {
    execFile(
      "systemd-notify",
      ["--version"],
      { timeout: MAX_PROGRAM_MS },
      (_error, output) =>
        resolve(Number(/^systemd (\d+)/.exec(output)?.[1] ?? 0)),
    );
  });
}

function runWith(args: readonly string[], socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      "systemd-notify",
      args,
      {
        timeout: MAX_PROGRAM_MS,
        env: { ...process.env, NOTIFY_SOCKET: socket },
      },
      (error, _output, problem) => {
        if (error === null) return resolve();
        const reason = (error as { code?: unknown }).code === "ENOENT"
          ? "the program systemd-notify is not installed"
          : problem.trim().split("\n")[0] || error.message;
        reject(new Error(`Cannot notify systemd: ${reason}`));
      },
    );
  });
}
