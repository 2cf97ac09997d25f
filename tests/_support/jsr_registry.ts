/**
 * A stand-in for jsr.io, for Deno, which is led there by `JSR_URL`: a registry on 127.0.0.1 that
 * serves packages, and takes what `deno publish` uploads.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { readTar } from "./tar.ts";
import { ROOT } from "./this_runtime.ts";

/** One version of a package. */
export interface JsrPackage {
  /** Such as `@std/yaml`. */
  readonly name: string;
  readonly version: string;
  /** Texts by path, such as `/mod.ts`. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of modules by the names they are imported under, such as `.`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Moment of the release in ISO 8601. Default: a day that is long past. */
  readonly createdAt?: string;
}

/** A registry that runs. */
export interface JsrRegistry {
  /** The value of `JSR_URL`. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  /** What was uploaded, oldest first. */
  readonly published: readonly JsrPackage[];
  close(): Promise<void>;
}

/** What `@std/yaml` exports, over js-yaml 3, its ancestor, which parses alike. */
const YAML_FACADE = `
const { load, CORE_SCHEMA, FAILSAFE_SCHEMA } = module.exports;
const SCHEMAS = { core: CORE_SCHEMA, failsafe: FAILSAFE_SCHEMA };
export function parse(text, { schema, allowDuplicateKeys }) {
  return load(text, { schema: SCHEMAS[schema], json: allowDuplicateKeys }) ?? null;
}
`;

/** The sources of the stand-in for `@std/yaml`, by path. */
function yamlFiles(): ReadonlyMap<string, string> {
  const bundle = readFileSync(
    join(ROOT, "node_modules/js-yaml/dist/js-yaml.min.js"),
    "utf8",
  );
  const module = `const module = { exports: {} }, exports = module.exports;\n` +
    `${bundle}\n${YAML_FACADE}`;
  return new Map([["/mod.js", module]]);
}

/**
 * Starts a registry that has `@std/yaml`.
 *
 * @param files Sources of the package by path. Default: the stand-in.
 * @param entry Path of its entry.
 */
export function startRegistry(
  files: ReadonlyMap<string, string> = yamlFiles(),
  entry: string = "./mod.js",
): Promise<JsrRegistry> {
  return startJsr([{
    name: "@std/yaml",
    version: "1.2.0",
    files,
    exports: { ".": entry },
  }]);
}

/**
 * Starts a registry.
 *
 * @param packages What it has from the beginning.
 * @param releasedAt Moment at which uploads count as released, in ISO 8601. Default: long ago.
 */
export async function startJsr(
  packages: readonly JsrPackage[],
  releasedAt?: string,
): Promise<JsrRegistry> {
  const answers = new Map<string, string>(packages.flatMap(answersFor));
  const asked: string[] = [];
  const published: JsrPackage[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    asked.push(pathname);
    let text: string | undefined;
    let status = 200;
    if (request.method === "POST") {
      const uploaded = readUpload(request, await readAll(request), releasedAt);
      published.push(uploaded);
      for (const [path, answer] of answersFor(uploaded)) {
        answers.set(path, answer);
      }
      text = JSON.stringify({ id: "1", status: "success", error: null });
    } else {
      text = answers.get(pathname) ?? describeForPublisher(pathname);
    }
    if (text === undefined) {
      status = 404;
      text = JSON.stringify({
        code: "packageVersionNotFound",
        message: "There is none",
      });
    }
    response.writeHead(status, { "content-type": mediaType(pathname) });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    published,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What is answered for a package, by path. */
function answersFor(
  { name, version, files, exports, createdAt = "2026-01-01T00:00:00Z" }:
    JsrPackage,
): [string, string][] {
  const [scope, bare] = name.slice(1).split("/");
  const manifest = Object.fromEntries(
    [...files].map(([path, text]) => [path, {
      size: new TextEncoder().encode(text).length,
      checksum: `sha256-${createHash("sha256").update(text).digest("hex")}`,
    }]),
  );
  return [
    [
      `/${name}/meta.json`,
      JSON.stringify({
        scope,
        name: bare,
        latest: version,
        versions: { [version]: { createdAt } },
      }),
    ],
    [`/${name}/${version}_meta.json`, JSON.stringify({ manifest, exports })],
    ...[...files].map(([path, text]): [string, string] => [
      `/${name}/${version}${path}`,
      text,
    ]),
  ];
}

/** To who is about to publish: every package exists, no version does. */
function describeForPublisher(path: string): string | undefined {
  const [, scope, name] =
    /^\/api\/scopes\/([^/]+)\/packages\/([^/]+)$/.exec(path) ?? [];
  const at = "2026-01-01T00:00:00Z";
  return name && JSON.stringify({ scope, name, createdAt: at, updatedAt: at });
}

/** `POST /api/scopes/S/packages/P/versions/V?config=/jsr.json` with a compressed archive. */
function readUpload(
  { url }: IncomingMessage,
  body: Uint8Array,
  createdAt: string | undefined,
): JsrPackage {
  const { pathname, searchParams } = new URL(url!, "http://localhost");
  const [, scope, name, version] =
    /^\/api\/scopes\/([^/]+)\/packages\/([^/]+)\/versions\/([^/]+)$/.exec(
      pathname,
    )!;
  const files = new Map(
    [...readTar(gunzipSync(body))].map(([path, bytes]) => [
      `/${path.replace(/^\.?\//, "")}`,
      new TextDecoder().decode(bytes),
    ]),
  );
  const { exports } = JSON.parse(files.get(searchParams.get("config")!)!);
  return {
    name: `@${scope}/${name}`,
    version: version!,
    files,
    exports: typeof exports === "string" ? { ".": exports } : exports,
    ...createdAt !== undefined && { createdAt },
  };
}

async function readAll(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

function mediaType(path: string): string {
  if (path.endsWith(".ts")) return "text/typescript";
  return /\.m?js$/.test(path) ? "text/javascript" : "application/json";
}
