/**
 * A program that prints everything of the public API that may hold a secret, in every way its
 * runtime has. Arguments: certificate, encrypted key, password. Its last line is `done`.
 */
import process from "node:process";
import { format, inspect } from "node:util";
import {
  type AsgiApp,
  Config,
  serve,
  Server,
  type SslContext,
} from "../../mod.ts";

const [sslCertfile, sslKeyfile, sslKeyfilePassword] = process.argv.slice(2);

const app: AsgiApp = async (_scope, _receive, _send) => {};
const files = {
  sslCertfile,
  sslKeyfile,
  sslKeyfilePassword,
  port: 0,
  logLevel: "debug",
  lifespan: "off",
} as const;

/** What runtimes print with beside the console. */
const inspectors = globalThis as unknown as Record<
  "Deno" | "Bun",
  { inspect(value: unknown, options?: object): string } | undefined
>;

function print(value: unknown): void {
  console.log(value);
  console.dir(value, { depth: 20, showHidden: true });
  console.log("%s %o %O %j", value, value, value, value);
  console.log(`${value}`, JSON.stringify(value), JSON.stringify([{ value }]));
  console.log(inspect(value, { depth: 20, showHidden: true }));
  console.log(inspect(value, { depth: 20, customInspect: false }));
  console.log(format("%s %o %O %j", value, value, value, value));
  for (const other of [inspectors.Deno, inspectors.Bun]) {
    if (other === undefined) continue;
    console.log(other.inspect(value, { depth: 20, showHidden: true }));
  }
  if (value instanceof Error) console.log(value.stack, value.cause);
}

async function printServer(server: Server): Promise<void> {
  print(server);
  server.start();
  await server.listening;
  print(server);
  await server.stop();
  print(server);
  print(server.config);
  print(server.config.options);
}

async function main(): Promise<void> {
  await printServer(serve(app, files));
  const contexts: unknown[] = [];
  await printServer(
    new Server(
      new Config(app, {
        ...files,
        async sslContextFactory(options, byDefault): Promise<SslContext> {
          const context = await byDefault();
          contexts.push(options, context, ...context.identities);
          return { ...context, identities: [{ ...context.identities[0]! }] };
        },
      }),
    ),
  );
  for (const context of contexts) print(context);
  const failing = serve(app, {
    ...files,
    sslContextFactory: (() => sslKeyfilePassword) as unknown as () =>
      SslContext,
  });
  await failing.listening.catch(print);
  print(failing);
  try {
    print(
      new Config(app, {
        ...files,
        sslKeyfilePassword: `${sslKeyfilePassword}\0`,
      }),
    );
  } catch (error) {
    print(error);
  }
  console.log("done");
}

void main();
