/**
 * Imports programs that start a server of their own, and takes its handler. What they call is
 * replaced while their module is imported, and no longer.
 */
import { AppLoadError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";
import type { CaughtServer } from "../runtime/types.ts";
import { printable } from "../text/printable.ts";

type Exports = Readonly<Record<string, unknown>>;

/** What an import has brought. */
export type Adoption =
  | { readonly value: object; readonly adopted: CaughtServer }
  /** It started no server. */
  | { readonly exports: Exports };

/** How long a program that exports no application may take to start its server, in milliseconds. */
const LATE_MS = 10_000;

/**
 * Imports a module and takes over the server that it starts: while it is imported, or later if it
 * exports nothing that could be served in its place.
 *
 * @param module What messages call it.
 * @param isEnough Whether something can be served of what was exported.
 * @throws AppLoadError if it starts several; what the module throws.
 */
export async function importAndAdopt(
  load: () => Promise<Exports>,
  module: string,
  isEnough: (exports: Exports) => boolean,
): Promise<Adoption> {
  const caught: CaughtServer[] = [];
  const first = Promise.withResolvers<undefined>();
  const restore = await runtime.catchServers((server) => {
    caught.push(server);
    first.resolve(undefined);
  });
  let isOver = false;
  try {
    const loading = load();
    // What fails later is the program's, as it would be without us.
    loading.catch((error) => {
      if (isOver) throw error;
    });
    // It may wait for its server at top level, and that listens only when all is loaded.
    const exports = await Promise.race([
      loading,
      first.promise.then(untilTimersRan),
    ]);
    if (caught.length === 0 && !isEnough(exports!)) {
      await within(LATE_MS, first.promise);
      await untilTimersRan();
    }
    const [adopted] = caught;
    if (adopted === undefined) return { exports: exports! };
    if (caught.length === 1) return { value: adopted.value, adopted };
    throw new AppLoadError(
      printable(
        `Error loading ASGI app. Module "${module}" starts ${caught.length} servers: export the application that is to be served.`,
      ),
    );
  } finally {
    isOver = true;
    restore();
  }
}

function untilTimersRan(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, 0, undefined));
}

/** Waits for `event`, but not longer than that. */
async function within(ms: number, event: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([event, late.promise]);
  clearTimeout(timer);
}

/** Calls that start a server. */
const STARTS_SERVER = /(\.listen|\bDeno\.serve|\bBun\.serve)\s*\(/;

/**
 * What to do about a module without an application that starts a server of its own: a space and a
 * sentence, or `""`.
 *
 * @param path Its file, if it is one.
 */
export function adoptionAdvice(path: string | undefined): string {
  if (path === undefined) return "";
  let text: string;
  try {
    text = runtime.readText(path);
  } catch {
    return "";
  }
  const call = STARTS_SERVER.exec(text)?.[1]?.replace(/^\./, "");
  return call === undefined
    ? ""
    : ` It starts a server of its own by ${call}(): export the application in place of that, as in "export default app", or give --adopt.`;
}
