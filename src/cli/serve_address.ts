/**
 * `DENO_SERVE_ADDRESS`: where platforms that run Deno programs tell `Deno.serve()` to listen, as
 * `tcp:HOST:PORT` or `unix:PATH`. Deno itself applies it to that function alone.
 */
import { readBind } from "../config/options/bind_address.ts";
import { ConfigError } from "../errors.ts";
import { printable } from "../text/printable.ts";

/**
 * Reads `text`, the value of the variable.
 *
 * @returns The address in the format of `--bind`.
 * @throws ConfigError for anything but an address of TCP with its port, or of a UNIX socket: Deno
 * also knows `vsock:CID:PORT`, and `duplicate,ADDRESS` to listen there besides.
 */
export function serveAddress(text: string): string {
  const address = /^tcp:(.+:\d+)$/.exec(text)?.[1] ??
    (/^unix:./.test(text) ? text : undefined);
  if (address !== undefined && "value" in readBind(address)) return address;
  throw new ConfigError(
    `Invalid value for the environment variable DENO_SERVE_ADDRESS: '${
      printable(text.slice(0, 200))
    }': expected tcp:HOST:PORT or unix:PATH.`,
  );
}
