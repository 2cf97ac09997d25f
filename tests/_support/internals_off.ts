/** Imported first, it has this process, and those it starts, use nothing undocumented. */
import process from "node:process";
import { SWITCH } from "../../src/runtime/node/internals/fence.ts";

process.env[SWITCH] = "off";
