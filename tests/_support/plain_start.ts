/**
 * A server with nothing special asked for, from start to first answer; prints which modules of the
 * runtime were loaded meanwhile by way of `process`, and whether that was looked at.
 */
const asked: string[] = [];
const system = globalThis as unknown as {
  process: { getBuiltinModule(name: string): unknown };
  Deno?: { readonly version: unknown };
};
if (system.Deno !== undefined) {
  // Looking at it loads node:process, and much with it.
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  Object.defineProperty(globalThis, "process", {
    configurable: true,
    get() {
      asked.push("process");
      Object.defineProperty(globalThis, "process", descriptor);
      return system.process;
    },
  });
} else {
  const { process } = system;
  const { getBuiltinModule } = process;
  process.getBuiltinModule = (name) => {
    asked.push(name);
    return getBuiltinModule.call(process, name);
  };
}

const { serve } = await import("../../mod.ts");
const server = serve(async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello" });
}, { port: 0 });
await server.listening;
const text = await (await fetch(server.url!)).text();
const loaded = [...new Set(asked)];
await server.stop();
console.log(JSON.stringify({ text, loaded }));
