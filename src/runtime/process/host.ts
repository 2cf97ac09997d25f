/** The process and its files, as far as every start needs them: chosen by runtime. */
import { deno } from "../_deno_types.ts";
import { denoHost } from "./host_deno.ts";
import { nodeHost } from "./host_node.ts";
import type { Host } from "./_host_types.ts";

/** The current process. */
export const host: Host = deno === undefined ? nodeHost : denoHost(deno);
