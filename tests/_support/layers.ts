/**
 * The import rule of src/README.md as a function: from file names and texts to what breaks it.
 * Arrows point down, `import type` counts, there are no cycles, the pure folders hold no impure
 * word, and only `runtime/` names a runtime.
 */

/** Source files: path below `src/`, with `/`, to its text. */
export type Sources = ReadonlyMap<string, string>;

/** Knows nothing of ours: the contract with applications, tables, and bytes and text of no protocol. */
const GROUND = [
  "asgi.ts",
  "faults.ts",
  "errors.ts",
  "version.ts",
  "bytes/",
  "text/",
];
const BELOW_SERVER = [
  ...GROUND,
  "runtime/",
  "tls/",
  "proxy/",
  "http/",
  "http1/",
  "websocket/",
  "logging/",
  "connection/",
  "application/",
  "config/",
  "topics/",
  "metrics/",
  "traces/",
];

/** What the rooms of `runtime/` share: contracts, and the globals of Deno and Bun. */
const RUNTIME_TYPES = [
  "runtime/types.ts",
  "runtime/_deno_types.ts",
  "runtime/_bun_types.ts",
];
/** What a transport is made of, whatever its runtime. */
const BELOW_TRANSPORTS = [
  ...RUNTIME_TYPES,
  "runtime/write_queue.ts",
  "runtime/socket_events.ts",
  "runtime/process/",
  "runtime/listen/",
];

/** What a call of the application knows of connections: nothing that is of one protocol version. */
const BELOW_EXCHANGES = [
  "connection/tracking/",
  "connection/output/",
  "connection/scope/",
  "connection/context.ts",
];
const BELOW_PROTOCOLS = [
  ...BELOW_EXCHANGES,
  "connection/containment.ts",
  "connection/fault_text.ts",
  "connection/exchange/",
];

/**
 * What each folder or file may import besides itself. A folder ends in `/`. A file belongs to the
 * longest row that matches: `runtime/` is a layer, `runtime/process/` a room of it. A room may
 * import what the layer around it may, itself, and what its own row lists; the files of a layer
 * that have no row of their own may import all of its rooms. A file without a row may not exist: a
 * new layer is a decision.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "asgi.ts": [],
  "faults.ts": [],
  "errors.ts": [],
  "version.ts": [],
  "bytes/": [],
  "text/": [],
  "runtime/": ["errors.ts", "bytes/", "text/"],
  "runtime/types.ts": [],
  "runtime/_deno_types.ts": [],
  "runtime/_bun_types.ts": [],
  "runtime/supported_versions.ts": RUNTIME_TYPES,
  "runtime/write_queue.ts": [],
  "runtime/socket_events.ts": RUNTIME_TYPES,
  "runtime/process/": RUNTIME_TYPES,
  "runtime/listen/": [...RUNTIME_TYPES, "runtime/process/"],
  "runtime/deno/": BELOW_TRANSPORTS,
  "runtime/bun/": BELOW_TRANSPORTS,
  "runtime/node/internals/": [...RUNTIME_TYPES, "runtime/process/"],
  "runtime/node/": BELOW_TRANSPORTS,
  "runtime/deflate.ts": [
    ...RUNTIME_TYPES,
    "runtime/process/",
    "runtime/node/internals/",
  ],
  "tls/": ["errors.ts", "bytes/", "text/"],
  "proxy/": ["faults.ts", "bytes/", "text/", "http/", "runtime/types.ts"],
  "http/": ["asgi.ts", "faults.ts", "bytes/", "text/"],
  "logging/": ["asgi.ts", "errors.ts", "text/"],
  "http1/": ["asgi.ts", "faults.ts", "bytes/", "text/", "http/"],
  "websocket/": ["faults.ts", "bytes/", "text/", "http/"],
  "application/": [
    "asgi.ts",
    "errors.ts",
    "text/",
    "logging/",
    "runtime/",
    "config/options/",
  ],
  // It stands in the place of a connection.
  "application/to_fetch/": ["http/", "application/lifespan.ts"],
  "config/": [
    "asgi.ts",
    "errors.ts",
    "text/",
    "proxy/",
    "runtime/",
    "tls/",
    "logging/",
    "application/",
  ],
  "connection/": [
    ...GROUND,
    "http/",
    "websocket/",
    "logging/",
    "tls/",
    "proxy/",
    "runtime/types.ts",
  ],
  "connection/containment.ts": [],
  "connection/tracking/": [],
  "connection/output/": ["http1/", "connection/tracking/"],
  "connection/context.ts": [
    "connection/tracking/",
    "connection/output/",
    "connection/scope/connection_info.ts",
    "connection/scope/request_id.ts",
    "connection/scope/request_origin.ts",
    "connection/exchange/response_notes.ts",
  ],
  "connection/server_context.ts": [
    ...BELOW_EXCHANGES,
    "connection/exchange/response_notes.ts",
  ],
  "connection/fault_text.ts": ["connection/context.ts"],
  "connection/scope/": ["connection/tracking/", "connection/context.ts"],
  "connection/exchange/": BELOW_EXCHANGES,
  "connection/websocket/": BELOW_PROTOCOLS,
  "connection/http1/": [
    ...BELOW_PROTOCOLS,
    "http1/",
    "connection/websocket/",
  ],
  "helpers/": ["asgi.ts", "errors.ts", "logging/", "application/"],
  "topics/": [
    "asgi.ts",
    "errors.ts",
    "text/",
    "runtime/",
    "logging/",
    "config/options/",
  ],
  "metrics/": [
    ...GROUND,
    "runtime/",
    "logging/",
    "connection/",
    "config/options/",
  ],
  "traces/": [
    ...GROUND,
    "proxy/",
    "runtime/",
    "logging/",
    "connection/",
    "config/options/",
  ],
  "server/": BELOW_SERVER,
  "serve.ts": [...BELOW_SERVER, "server/"],
  "control/": [...BELOW_SERVER, "server/"],
  "admin/": [...BELOW_SERVER, "server/"],
  "supervisor/": [
    ...BELOW_SERVER,
    "server/",
    "control/",
    "admin/",
    "serve.ts",
  ],
  "run.ts": [
    ...BELOW_SERVER,
    "server/",
    "control/",
    "admin/",
    "serve.ts",
    "supervisor/",
  ],
  "testing/": [...BELOW_SERVER, "server/"],
  "testing/network/": ["testing/errors.ts"],
  "testing/http/": ["testing/"],
  "testing/websocket/": ["testing/"],
  "cli/": [
    ...BELOW_SERVER,
    "server/",
    "control/",
    "serve.ts",
    "run.ts",
    "supervisor/",
    "testing/",
  ],
};

/** Who may import modules that all three runtimes ship. */
const MAY_USE_NODE =
  /^(runtime|tls|application|helpers|config|logging|control|cli)\//;
/** Two pure files may too: they turn octets into text and compare them. */
const NODE_EXCEPTIONS: Readonly<Record<string, string>> = {
  "bytes/latin1.ts": "node:buffer",
  "bytes/same_bytes.ts": "node:buffer",
};

const PURE = /^(bytes|text|http|http1|websocket|proxy)\//;
const IMPURE_WORDS =
  /(?<![.\w$#])(setTimeout|setInterval|setImmediate|queueMicrotask|Promise|async|await|Date|performance|console|process|crypto|fetch|Deno|Bun|globalThis)\b|\bMath\.random\b/g;
/**
 * What pure files keep from call to call at module level: each is in the section "Memory" of its
 * folder's README. Everything else at module level is made once, as the module loads.
 */
export const MODULE_STATE: Readonly<Record<string, readonly string[]>> = {
  "http/status_lines.ts": ["lines"],
  "http1/field_writer.ts": ["names"],
  "http1/head_cache.ts": ["table", "keys"],
  "http1/field_offsets.ts": ["notes"],
  "http1/head_parser.ts": ["framing"],
  "http1/request_parser.ts": ["chunk", "spareHeadParser"],
  "http1/response_framing.ts": ["lengthEnds"],
  "proxy/crc32c.ts": ["table"],
};
/** Lower-case constants that hold no state of ours. */
const STATELESS = /^(new Text(Encoder|Decoder)\b|\(Buffer\.prototype\b)/;

/**
 * Names at module level that may hold state: every `let`, and every `const` in lower case, as
 * constants known at load are in upper case.
 */
export function stateOf(text: string): string[] {
  const { code } = stripSource(text);
  const declarations = code.matchAll(
    /^(?:export )?(let|const) (\w+)[^\n=]*=?\s*([^\n]*)/gm,
  );
  return [...declarations].filter(([, kind, name, value]) =>
    kind === "let" || (/^[a-z]/.test(name!) && !STATELESS.test(value!))
  ).map(([, , name]) => name!);
}

const RUNTIME_WORDS = /(?<![.\w$#])(Deno|Bun)\b/g;

/** A text without its comments, once with and once without the contents of its strings. */
export interface StrippedSource {
  readonly code: string;
  readonly withStrings: string;
}

/** Whether a `/` after this text begins a regular expression. */
function startsRegExp(before: string): boolean {
  const text = before.trimEnd();
  return /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|do|else|void))$/
    .test(text);
}

/** Takes comments and the contents of strings and regular expressions out of a source text. */
export function stripSource(text: string): StrippedSource {
  let code = "";
  let withStrings = "";
  let at = 0;
  /** Braces open inside each `${`, innermost last. */
  const templates: number[] = [];
  const keep = (part: string) => {
    code += part;
    withStrings += part;
  };
  /** Skips what a quote opens; the contents are kept in `withStrings` only. */
  const skip = (end: (char: string, inClass: boolean) => boolean) => {
    const start = at;
    let inClass = false;
    while (at < text.length && !end(text[at]!, inClass)) {
      if (text[at] === "[") inClass = true;
      else if (text[at] === "]") inClass = false;
      at += text[at] === "\\" ? 2 : 1;
    }
    withStrings += text.slice(start, at);
  };
  const template = () => {
    skip((char) => char === "`" || (char === "$" && text[at + 1] === "{"));
    if (text[at] === "$") {
      keep("${");
      at += 2;
      templates.push(0);
    } else {
      keep("`");
      at++;
    }
  };
  while (at < text.length) {
    const char = text[at]!;
    const pair = text.slice(at, at + 2);
    if (pair === "//") {
      while (at < text.length && text[at] !== "\n") at++;
    } else if (pair === "/*") {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
      keep(" ");
    } else if (char === '"' || char === "'") {
      keep(char);
      at++;
      skip((next) => next === char || next === "\n");
      keep(char);
      at++;
    } else if (char === "`") {
      keep("`");
      at++;
      template();
    } else if (char === "/" && startsRegExp(code)) {
      keep("/");
      at++;
      skip((next, inClass) => (next === "/" && !inClass) || next === "\n");
      keep("/");
      at++;
    } else {
      keep(char);
      at++;
      const depth = templates.length - 1;
      if (depth >= 0 && char === "{") {
        templates[depth]!++;
      } else if (depth >= 0 && char === "}") {
        if (templates[depth] === 0) {
          templates.pop();
          template();
        } else {
          templates[depth]!--;
        }
      }
    }
  }
  return { code, withStrings };
}

/** The specifiers a source imports or re-exports, dynamic imports of literals included. */
export function importsOf(text: string): string[] {
  const { withStrings } = stripSource(text);
  const specifiers = [
    /\b(?:import|export)\b[^;"'()]*?\bfrom\s*["']([^"']+)["']/g,
    /(?<!["'])\bimport\s*["']([^"']+)["']/g,
    /\bimport\s*\(\s*["']([^"']+)["']/g,
  ].flatMap((pattern) =>
    [...withStrings.matchAll(pattern)].map((match) => match[1]!)
  );
  return [...new Set(specifiers)];
}

function resolvePath(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** The top folder or file that a path belongs to. */
function layerOf(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash + 1);
}

function matches(path: string, entry: string): boolean {
  return entry === path || (entry.endsWith("/") && path.startsWith(entry));
}

/** The rows of the table that a file belongs to, the longest first. */
function rowsOf(path: string): readonly string[] {
  return Object.keys(MAY_IMPORT).filter((row) => matches(path, row))
    .sort((a, b) => b.length - a.length);
}

function isAllowed(from: string, to: string): boolean {
  const rows = rowsOf(from);
  const [own] = rows;
  return (own !== undefined && matches(to, own)) ||
    rows.some((row) => MAY_IMPORT[row]!.some((entry) => matches(to, entry)));
}

function checkImport(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) {
    const isAllowed = MAY_USE_NODE.test(path) ||
      NODE_EXCEPTIONS[path] === specifier;
    return isAllowed ? undefined : `${path} may not import "${specifier}"`;
  }
  if (!specifier.startsWith(".")) {
    return `${path} imports the package "${specifier}"`;
  }
  const target = resolvePath(path, specifier);
  const isPrivate = target.split("/").at(-1)!.startsWith("_");
  if (isPrivate && layerOf(target) !== layerOf(path)) {
    return `${path} imports "${target}", which is private to its folder`;
  }
  return isAllowed(path, target)
    ? undefined
    : `${path} may not import "${target}"`;
}

function words(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[0]))];
}

/** Cycles among files, each as the path round it. */
export function findCycles(
  graph: ReadonlyMap<string, readonly string[]>,
): string[] {
  const cycles: string[] = [];
  const isDone = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      cycles.push([...trail.slice(start), path].join(" -> "));
      return;
    }
    if (isDone.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    isDone.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

/** Everything in `sources` that breaks the rule, one sentence for each. */
export function checkLayers(sources: Sources): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, text] of sources) {
    const layer = layerOf(path);
    if (rowsOf(path).length === 0) {
      problems.push(`${path} belongs to no layer`);
    }
    const specifiers = importsOf(text);
    for (const specifier of specifiers) {
      const problem = checkImport(path, specifier);
      if (problem !== undefined) problems.push(problem);
    }
    graph.set(
      path,
      specifiers.filter((one) => one.startsWith(".")).map((one) =>
        resolvePath(path, one)
      ),
    );
    const { code } = stripSource(text);
    if (PURE.test(path)) {
      for (const word of words(code, IMPURE_WORDS)) {
        problems.push(`${path} is pure and may not say "${word}"`);
      }
      for (const name of stateOf(text)) {
        if (MODULE_STATE[path]?.includes(name)) continue;
        problems.push(`${path} keeps the state "${name}", which is not listed`);
      }
    } else if (layer !== "runtime/") {
      for (const word of words(code, RUNTIME_WORDS)) {
        problems.push(`${path} may not name the runtime "${word}"`);
      }
    }
  }
  return [
    ...problems,
    ...findCycles(graph).map((cycle) => `Import cycle: ${cycle}`),
  ];
}
