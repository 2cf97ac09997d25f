/**
 * The server under load once more, ending without a signal: profilers write what they saw at an
 * orderly exit only. Argument: the port.
 */
import process from "node:process";
import { serve } from "../../../mod.ts";
import { app } from "./asgi_app.ts";

const server = serve(app, {
  port: Number(process.argv[2]),
  accessLog: false,
  logLevel: "warning",
  lifespan: "off",
  wsPingInterval: 3600,
});
process.once("SIGTERM", () => void server.stop());
