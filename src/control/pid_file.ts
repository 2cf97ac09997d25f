/**
 * The file that holds the id of the process. It is the server's for as long as it holds that id: one
 * of a server that runs is never replaced, one that a crash has left behind always is.
 */
import {
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { ConfigError } from "../errors.ts";
import { printable } from "../text/printable.ts";

/** Permissions of the file, before the umask: every user may know the id. */
const MODE = 0o644;
/** Longest content that can be a process id. */
const MAX_LENGTH = 32;
/** Units of the start times below /proc: the kernel tells user space 100 a second everywhere. */
const TICKS_PER_SECOND = 100;
/** By which a clock may have been set between the start of a process and its file, in seconds. */
const CLOCK_SLACK_SECONDS = 2;

/** A pid file of this process. */
export class PidFile {
  /** As it was given, for messages. */
  readonly path: string;
  /** The application may change the working directory. */
  readonly #absolute: string;
  readonly #pid: number;
  readonly #isAlive: typeof isAlive;
  #isWritten = false;

  /** @param alive Finds out whether a process runs. */
  constructor(
    path: string,
    pid: number = process.pid,
    alive: typeof isAlive = isAlive,
  ) {
    this.path = path;
    this.#absolute = resolve(path);
    this.#pid = pid;
    this.#isAlive = alive;
  }

  /**
   * Looks whether the file can become ours. Nothing is written.
   *
   * @throws ConfigError, with exit code 3, if another process has it, or it is none of a server.
   */
  check(): void {
    const found = this.#read();
    if (found === undefined || found === this.#pid) return;
    const life = this.#isAlive(found, this.#absolute);
    if (life === false) return;
    throw this.#refusal(
      life === "unknown"
        ? `process ${found} may still run, which Deno does not tell without --allow-run`
        : `process ${found} runs already`,
    );
  }

  /**
   * Writes the id. A file that is not that of a living server is replaced.
   *
   * @param takesOver Whether the file of another process, which hands it over, is replaced too.
   * @throws ConfigError, with exit code 3.
   */
  write(takesOver: boolean = false): void {
    const text = `${this.#pid}\n`;
    try {
      if (!takesOver) this.check();
      this.#place(text);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw this.#refusal(reasonOf(error, this.path), error);
    }
    if (!this.#isWritten) process.on("exit", this.#removeAtExit);
    this.#isWritten = true;
  }

  /** Whoever reads the file finds it whole, or not at all. */
  #place(text: string): void {
    const temporary = `${this.#absolute}.${this.#pid}`;
    writeFileSync(temporary, text, { mode: MODE });
    try {
      if (lstatOrNothing(this.#absolute) === undefined) {
        // Unlike a rename, a link fails if another server has been faster.
        linkSync(temporary, this.#absolute);
      } else renameSync(temporary, this.#absolute);
    } catch (error) {
      if (!NO_LINKS.has((error as { code?: unknown }).code)) throw error;
      renameSync(temporary, this.#absolute);
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** Leaves the file to a process that replaces it: between a look at it and its removal, that may be. */
  leave(): void {
    this.#isWritten = false;
    process.off("exit", this.#removeAtExit);
  }

  /** Removes the file, if it still is this process's. Idempotent; never throws. */
  remove(): void {
    if (!this.#isWritten) return;
    this.leave();
    try {
      if (this.#read() === this.#pid) unlinkSync(this.#absolute);
    } catch {
      // It is not ours any more, or may not be removed: the next server replaces it.
    }
  }

  readonly #removeAtExit = (): void => this.remove();

  /** The id in the file; `undefined` if there is no file, or an empty one. */
  #read(): number | undefined {
    let text: string;
    try {
      if (lstatOrNothing(this.#absolute)?.isDirectory()) {
        throw this.#refusal("it is a directory");
      }
      text = readFileSync(this.#absolute, "utf8");
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if ((error as { code?: unknown }).code === "ENOENT") return undefined;
      throw this.#refusal(reasonOf(error, this.path), error);
    }
    if (text.trim() === "") return undefined;
    const isId = text.length <= MAX_LENGTH && /^\s*\d{1,10}\s*$/.test(text);
    if (!isId || Number(text) === 0) {
      throw this.#refusal(
        `it holds no process id but '${
          printable(text.slice(0, MAX_LENGTH))
        }', and is left alone`,
      );
    }
    return Number(text);
  }

  #refusal(reason: string, cause?: unknown): ConfigError {
    return new ConfigError(
      `Cannot use pid file '${printable(this.path)}' (--pid-file): ${reason}`,
      3,
      { cause },
    );
  }
}

/** What file systems without hard links say. */
const NO_LINKS: ReadonlySet<unknown> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
]);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "the directory does not exist",
  ENOTDIR: "a part of the path is not a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EISDIR: "it is a directory",
  EEXIST: "another server has just made it",
  ENAMETOOLONG: "the path is too long",
};

function reasonOf(error: unknown, path: string): string {
  const { name, code, message } = error as Error & { readonly code?: string };
  if (name === "NotCapable") {
    return `Deno does not allow it, run it with --allow-read=${path} --allow-write=${path}`;
  }
  const known = code === undefined ? undefined : REASONS[code];
  return known ?? message.split("\n")[0]!;
}

function lstatOrNothing(path: string): ReturnType<typeof lstatSync> {
  return lstatSync(path, { throwIfNoEntry: false });
}

/**
 * Whether process `pid` runs and may be the one that wrote the file at `path`. An id is used again
 * after a restart of the machine or of a container: a process that began after the file was written
 * has not written it.
 *
 * @returns `"unknown"` if this process may not find out.
 */
export function isAlive(pid: number, path: string): boolean | "unknown" {
  try {
    process.kill(pid, 0);
  } catch (error) {
    const { name, code } = error as { name?: unknown; code?: unknown };
    if (code === "ESRCH") return false;
    if (name === "NotCapable") return "unknown";
    // Else EPERM: it is another user's.
  }
  const startedAt = startSeconds(pid);
  if (startedAt === undefined) return true;
  const writtenAt = statSync(path).mtimeMs / 1000;
  return startedAt <= writtenAt + CLOCK_SLACK_SECONDS;
}

/** When a process began, in seconds since 1970; `undefined` where that cannot be known. */
function startSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything: the fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"));
    const seconds = Number(boot![1]) + Number(fields[19]) / TICKS_PER_SECOND;
    return Number.isFinite(seconds) ? seconds : undefined;
  } catch {
    return undefined; // not Linux, or it has just ended, or Deno demands all permissions for /proc
  }
}
