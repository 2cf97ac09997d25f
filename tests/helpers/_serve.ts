/** Serves one application for the length of a test. */
import { type Application, serve, type Server } from "../../mod.ts";

/** Serves `app` while `use` runs. */
export async function withApp(
  app: Application,
  use: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = serve(app, {
    port: 0,
    logLevel: "critical",
    accessLog: false,
  });
  await server.listening;
  try {
    await use(server.url!, server);
  } finally {
    await server.stop();
  }
}
