/** Writes two lines to the log file that it is given, and ends in the same turn. */
import process from "node:process";
import { openLogFile } from "../../src/runtime/process/log_file.ts";

const file = openLogFile(process.argv[2]!);
file.write("first\n");
file.write("last\n");
process.exit(0);
