/**
 * The few functions of the C library that no runtime offers otherwise, by the foreign function
 * interfaces that they document: `bun:ffi`, `Deno.dlopen` and, since Node 26.1, `node:ffi`.
 */
import { bun } from "../_bun_types.ts";
import { deno } from "../_deno_types.ts";
import { host } from "./host.ts";
import { isGranted } from "./permissions.ts";

/** Functions of the C library. They return -1 on failure. */
export interface Libc {
  getpid(): number;
  dup(descriptor: number): number;
  /** Only there on Linux. */
  dup3?(descriptor: number, at: number, flags: number): number;
  listen(descriptor: number, backlog: number): number;
  getsockname(
    descriptor: number,
    address: Uint8Array,
    length: Int32Array,
  ): number;
  socket(domain: number, type: number, protocol: number): number;
  connect(descriptor: number, address: Uint8Array, length: number): number;
  /** Sends what is given to the peer that the socket is connected to. */
  send(
    descriptor: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
  ): number;
  close(descriptor: number): number;
  waitpid(pid: number, status: Int32Array, options: number): number;
  /** Fills `time` with seconds and nanoseconds, 64 bits each. */
  clock_gettime(clock: number, time: BigInt64Array): number;
}

type Type = "int" | "bytes" | "size";

/** What each function takes. All return an `int`; -1 of a longer type is -1 of its low half, too. */
const SIGNATURES: Readonly<Record<keyof Libc, readonly Type[]>> = {
  getpid: [],
  dup: ["int"],
  dup3: ["int", "int", "int"],
  listen: ["int", "int"],
  getsockname: ["int", "bytes", "bytes"],
  socket: ["int", "int", "int"],
  connect: ["int", "bytes", "int"],
  send: ["int", "bytes", "size", "int"],
  close: ["int"],
  waitpid: ["int", "bytes", "int"],
  clock_gettime: ["int", "bytes"],
};

/** What the C library is called: by glibc, by musl, on macOS. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: [
    "libc.so.6",
    "libc.musl-x86_64.so.1",
    "libc.musl-aarch64.so.1",
    "libc.so",
  ],
  darwin: ["libSystem.B.dylib"],
};

/** Opens a library. Throws if there is none of that name. */
type Open = (name: string) => Partial<Libc>;

let loaded: { readonly libc: Libc | undefined } | undefined;

/**
 * The C library; `undefined` where it cannot be called: on Node before 26.1, and on Deno without
 * `--allow-ffi`. The first call on Node prints a warning, because `node:ffi` is experimental.
 */
export function loadLibc(): Libc | undefined {
  loaded ??= { libc: load(opener()) };
  return loaded.libc;
}

/** Whether loading is without a warning to the operator. */
export function loadsQuietly(): boolean {
  return bun !== undefined || deno !== undefined;
}

function load(open: Open | undefined): Libc | undefined {
  if (open === undefined) return undefined;
  for (const name of NAMES[host.platform] ?? []) {
    try {
      const libc = open(name);
      // Experimental interfaces change: what answers wrongly is not called for more.
      if (libc.getpid?.() === host.pid) return libc as Libc;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

function opener(): Open | undefined {
  if (bun !== undefined) return bunOpener();
  if (deno !== undefined) {
    const { dlopen } = deno;
    if (!isGranted({ name: "ffi" })) return undefined;
    const types = { int: "i32", bytes: "buffer", size: "usize" } as const;
    const symbols = signatures(types, (parameters) => ({
      parameters,
      result: "i32",
    }));
    return (name) => dlopen(name, symbols).symbols as Partial<Libc>;
  }
  return nodeOpener();
}

/** What is used of `bun:ffi`. */
interface BunFfi {
  dlopen(name: string, symbols: object): { readonly symbols: unknown };
}

function bunOpener(): Open {
  const ffi = process.getBuiltinModule("bun:ffi") as unknown as BunFfi;
  const types = { int: "i32", bytes: "ptr", size: "u64" } as const;
  const symbols = signatures(types, (args) => ({ args, returns: "i32" }));
  return (name) => ffi.dlopen(name, symbols).symbols as Partial<Libc>;
}

/** What is used of `node:ffi`. */
interface NodeFfi {
  dlopen(name: string, symbols: object): { readonly functions: unknown };
}

function nodeOpener(): Open | undefined {
  const ffi = process.getBuiltinModule("node:ffi") as unknown as
    | NodeFfi
    | undefined;
  if (ffi === undefined) return undefined;
  const types = { int: "i32", bytes: "buffer", size: "u64" } as const;
  const symbols = signatures(types, (args) => ({
    arguments: args,
    return: "i32",
  }));
  return (name) => ffi.dlopen(name, symbols).functions as Partial<Libc>;
}

/** The functions in the words of one interface. */
function signatures<T>(
  names: Readonly<Record<Type, string>>,
  describe: (types: readonly string[]) => T,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(SIGNATURES)
      .filter(([name]) => name !== "dup3" || host.platform === "linux")
      .map(([name, types]) => [
        name,
        describe(types.map((type) => names[type])),
      ]),
  );
}
