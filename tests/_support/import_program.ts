/**
 * A program that imports the modules named by its arguments, and prints as JSON what that has done to
 * the process: globals that changed, timers that were set, listeners that were added, sockets and
 * files that were opened.
 */
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import process from "node:process";
import timers from "node:timers";
import { syncBuiltinESMExports } from "node:module";

type Bag = Record<PropertyKey, unknown>;

/** What is watched: globals, and what frameworks like to patch. */
const WATCHED: Readonly<Record<string, object>> = {
  globalThis,
  "Promise.prototype": Promise.prototype,
  "Object.prototype": Object.prototype,
  "Function.prototype": Function.prototype,
  "Uint8Array.prototype": Uint8Array.prototype,
  "http.Server.prototype": http.Server.prototype,
  "net.Server.prototype": net.Server.prototype,
  "net.Socket.prototype": net.Socket.prototype,
  console,
};

function snapshot(): Map<string, PropertyDescriptor> {
  const found = new Map<string, PropertyDescriptor>();
  for (const [name, object] of Object.entries(WATCHED)) {
    for (const key of Reflect.ownKeys(object)) {
      found.set(
        `${name}.${String(key)}`,
        Object.getOwnPropertyDescriptor(object, key)!,
      );
    }
  }
  return found;
}

function changed(
  before: ReadonlyMap<string, PropertyDescriptor>,
  after: ReadonlyMap<string, PropertyDescriptor>,
): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => {
    const a = before.get(name);
    const b = after.get(name);
    return a === undefined || b === undefined || a.get !== b.get ||
      a.set !== b.set || !Object.is(a.value, b.value);
  }).sort();
}

const calls: string[] = [];
/** Notes calls of `name`, until it is given back. */
function record(owner: object, place: string, names: readonly string[]): void {
  for (const name of names) {
    const real = (owner as Bag)[name] as (...args: unknown[]) => unknown;
    (owner as Bag)[name] = function (this: unknown, ...args: unknown[]) {
      // Loaders of the runtimes read sources by these functions too.
      const isOurs = /\/src\/|\/mod\.ts/.test(
        String(new Error().stack).split("\n").slice(2, 4).join("\n"),
      );
      if (isOurs) calls.push(`${place}.${name}`);
      return real.apply(this, args);
    };
  }
}

const TIMERS = ["setTimeout", "setInterval", "setImmediate"] as const;
record(globalThis, "globalThis", TIMERS);
record(timers, "timers", TIMERS);
record(net, "net", ["createServer", "connect"]);
record(fs, "fs", ["openSync", "readFileSync", "writeSync", "statSync"]);
syncBuiltinESMExports();

const listeners = () =>
  process.eventNames().map((name) =>
    `${String(name)}: ${process.listenerCount(name as string)}`
  ).sort();

const before = snapshot();
const listenersBefore = listeners();
for (const name of process.argv.slice(2)) await import(name);
console.log(JSON.stringify({
  changed: changed(before, snapshot()),
  calls,
  listeners: listeners().filter((one) => !listenersBefore.includes(one)),
}));
