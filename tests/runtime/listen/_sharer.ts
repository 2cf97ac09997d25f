/**
 * A child that accepts from the socket its parent holds, and answers each connection with its process
 * id. The parent says when: `{ kind: "bind", address, transport }`, then `{ kind: "accept" }`.
 */
import { runtime, selectTransport } from "../../../src/runtime/mod.ts";
import type { Address, Listener } from "../../../src/runtime/types.ts";

type Message =
  | {
    readonly kind: "bind";
    readonly address: Address;
    readonly transport: "native" | "node";
  }
  | { readonly kind: "accept" };

const link = await runtime.parentLink();
if (link === undefined) throw new Error("expected to be a child");
link.onLost = () => runtime.exit(0);

let listener: Listener | undefined;

async function obey(message: Message): Promise<void> {
  if (message.kind === "bind") {
    const { address: shared, transport } = message;
    const target = { kind: "fd", fd: 4, shared } as const;
    const options = { backlog: 64 };
    listener = await selectTransport(transport, target, options)
      .bind(target, options);
    link!.send({ bound: listener.address });
    return;
  }
  listener!.accept((socket) => {
    socket.write(new TextEncoder().encode(String(runtime.pid)));
    socket.end();
    return { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
  });
  link!.send({ accepting: true });
}

link.onMessage = (message) => void obey(message as Message);
