/** A stand-in for the registry of npm: on 127.0.0.1, with packages from archives on the disk. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { readTar } from "./tar.ts";

/** A registry that runs. */
export interface NpmRegistry {
  /** For `npm_config_registry`, which npm, Bun and Deno read. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts a registry that has one version of each package.
 *
 * @param archives Paths of what `npm pack` has made.
 * @param releasedAt Moment of the releases in ISO 8601. Default: long ago.
 */
export async function startNpm(
  archives: readonly string[],
  releasedAt: string = "2026-01-01T00:00:00.000Z",
): Promise<NpmRegistry> {
  const asked: string[] = [];
  const packages = archives.map((path) => {
    const archive = readFileSync(path);
    const text = readTar(gunzipSync(archive)).get("package/package.json");
    return { archive, manifest: JSON.parse(new TextDecoder().decode(text)) };
  });
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!);
    asked.push(path);
    const { port } = server.address() as AddressInfo;
    for (const { archive, manifest } of packages) {
      const { name, version } = manifest;
      const archivePath = `/${name}/-/${name}-${version}.tgz`;
      if (path === archivePath) {
        response.setHeader("content-type", "application/octet-stream");
        response.end(archive);
        return;
      }
      if (path !== `/${name}`) continue;
      const dist = {
        tarball: `http://127.0.0.1:${port}${archivePath}`,
        integrity: `sha512-${
          createHash("sha512").update(archive).digest("base64")
        }`,
        shasum: createHash("sha1").update(archive).digest("hex"),
      };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { ...manifest, dist } },
        time: {
          created: releasedAt,
          modified: releasedAt,
          [version]: releasedAt,
        },
      }));
      return;
    }
    response.statusCode = 404;
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
