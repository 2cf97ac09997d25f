/**
 * Attacks by resumed TLS sessions: a session must never carry more trust than a full handshake with
 * the same certificate under the settings in force would give.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { runtime } from "../../src/runtime/mod.ts";
import type {
  Listener,
  ListenTarget,
  Socket,
  SocketHandler,
  TlsContext,
  TlsFault,
  TlsSettings,
} from "../../src/runtime/types.ts";
import { issueCertificate } from "../../src/tls/certificate.ts";
import {
  type ScratchFolder,
  TestAuthority,
  withFolder,
} from "../_support/certificates.ts";
import { needsProgram } from "../_support/needs.ts";
import { runProgram } from "../_support/tls_clients.ts";
import { listen } from "./_wire.ts";

const skip = needsProgram("openssl");

const authority = new TestAuthority("First Authority");
const stranger = new TestAuthority("Second Authority");
const DAY_MS = 86_400_000;

/** Certificates that clients show. */
const CLIENTS = {
  trusted: authority.client("alice"),
  /** Of an authority that is not the one in force. */
  foreign: stranger.client("mallory"),
  /** Signed by itself, under a name of its choice. */
  selfMade: issueCertificate({
    subject: [["CN", "admin"]],
    purposes: ["client"],
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
  }),
};
type ClientName = keyof typeof CLIENTS | "nobody";

function settingsWith(changes: Partial<TlsSettings>): TlsSettings {
  const { cert, key } = authority.server();
  const second = stranger.server(["b.test"]);
  return {
    identities: [
      { names: ["localhost"], cert, key },
      { names: ["b.test"], cert: second.cert, key: second.key },
    ],
    ca: authority.cert,
    clientCertificates: "optional",
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: undefined,
    alpn: [],
    handshakeMs: 20_000,
    ...changes,
  };
}

const TARGET: ListenTarget = { kind: "tcp", host: "127.0.0.1", port: 0 };

/** Tells each client what is thought of it, and hangs up. */
class Judge implements SocketHandler {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  onData(): void {
    const { clientCertificates, clientCertificateError } = this.#socket.tls!;
    const verdict = clientCertificates.length === 0
      ? "nobody"
      : clientCertificateError ?? "trusted";
    this.#socket.write(new TextEncoder().encode(`verdict=${verdict};`));
    this.#socket.end();
  }

  onDrain(): void {}
  onEnd(): void {
    this.#socket.end();
  }
  onClose(): void {}
}

const WAYS = {
  "of a listener": (context: TlsContext) =>
    listen(
      runtime.transports.node,
      TARGET,
      { backlog: 16, tls: context },
      (socket) => new Judge(socket),
    ),
  "on an accepted socket": (context: TlsContext) =>
    listen(runtime.transports.native, TARGET, { backlog: 16 }, (socket) => ({
      onData: (bytes) =>
        context.secure(socket, bytes.slice(), (secured) => new Judge(secured)),
      onDrain() {},
      onEnd() {},
      onClose() {},
    })),
};
type Way = keyof typeof WAYS;

interface Server {
  readonly context: TlsContext;
  readonly port: number;
  readonly faults: TlsFault[];
}

async function withServer(
  way: Way,
  changes: Partial<TlsSettings>,
  use: (server: Server) => Promise<void>,
): Promise<void> {
  const { createTls } = await runtime.loadTls();
  const faults: TlsFault[] = [];
  const context = createTls(
    settingsWith(changes),
    (fault) => faults.push(fault),
  );
  const listener: Listener = await WAYS[way](context);
  const { address } = listener;
  assert.ok(address.kind === "tcp");
  try {
    await use({ context, port: address.port, faults });
  } finally {
    await listener.close();
  }
}

/** How a session is kept: by the client in a ticket, or by the server under an id. */
const SESSIONS = {
  "TLS 1.2 by ticket": ["-tls1_2"],
  "TLS 1.2 by session id": ["-tls1_2", "-no_ticket"],
  "TLS 1.3": ["-tls1_3"],
} as const;
type Session = keyof typeof SESSIONS;

let clients = 0;

/** One client, which keeps its session from one visit to the next. */
class Client {
  readonly #session: Session;
  readonly #shown: readonly string[];
  /** Where it keeps its session. */
  readonly #path: string;

  constructor(folder: ScratchFolder, session: Session, name: ClientName) {
    this.#session = session;
    this.#path = `${folder.path}/session-of-${name}-${++clients}.pem`;
    if (name === "nobody") this.#shown = [];
    else {
      const { cert, key } = CLIENTS[name];
      this.#shown = [
        "-cert",
        folder.write(`${name}.pem`, cert),
        "-key",
        folder.write(`${name}.key`, key),
      ];
    }
  }

  /** What the server thinks of this client; `refused` if it hung up. */
  async visit(
    port: number,
    servername = "localhost",
  ): Promise<string> {
    const path = this.#path;
    const { out } = await runProgram("openssl", [
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      "-servername",
      servername,
      "-ign_eof",
      ...SESSIONS[this.#session],
      ...this.#shown,
      ...existsSync(path) ? ["-sess_in", path] : [],
      "-sess_out",
      path,
    ], "who am I?");
    return /verdict=([^;]*);/.exec(out)?.[1] ?? "refused";
  }
}

/** Runs `body` with every kind of session, and `ways` to listen. */
function forEachSession(
  name: string,
  body: (way: Way, session: Session, folder: ScratchFolder) => Promise<void>,
  ways: readonly Way[] = ["of a listener"],
): void {
  for (const way of ways) {
    for (const session of Object.keys(SESSIONS) as Session[]) {
      test(
        `${name} (${session}, TLS ${way})`,
        { skip },
        () => withFolder((folder) => body(way, session, folder)),
      );
    }
  }
}

/** Whether this is what any runtime says of a certificate that it does not believe. */
function isRefusal(verdict: string): boolean {
  return !["trusted", "nobody", "refused"].includes(verdict);
}

describe("resumed TLS sessions", () => {
  for (const name of ["selfMade", "foreign"] as const) {
    forEachSession(
      `optional: the verdict on a ${name} certificate stays what it was`,
      (way, session, folder) =>
        withServer(way, {}, async ({ port }) => {
          const client = new Client(folder, session, name);
          const first = await client.visit(port);
          assert.ok(isRefusal(first), first);
          for (let i = 0; i < 2; i++) {
            assert.equal(await client.visit(port), first);
          }
        }),
      ["of a listener", "on an accepted socket"],
    );

    forEachSession(
      `required: a ${name} certificate is refused each time`,
      (way, session, folder) =>
        withServer(
          way,
          { clientCertificates: "required" },
          async ({ port, faults }) => {
            const client = new Client(folder, session, name);
            for (let i = 0; i < 3; i++) {
              assert.equal(await client.visit(port), "refused");
            }
            assert.equal(faults.length, 3);
            for (const { kind } of faults) {
              assert.equal(kind, "clientCertificate");
            }
          },
        ),
    );
  }

  for (const mode of ["optional", "required"] as const) {
    forEachSession(
      `${mode}: a trusted certificate stays trusted, also under new server certificates`,
      (way, session, folder) =>
        withServer(
          way,
          { clientCertificates: mode },
          async ({ port, context, faults }) => {
            const client = new Client(folder, session, "trusted");
            for (let i = 0; i < 2; i++) {
              assert.equal(await client.visit(port), "trusted");
            }
            context.update(settingsWith({ clientCertificates: mode }));
            for (let i = 0; i < 2; i++) {
              assert.equal(await client.visit(port), "trusted");
            }
            assert.deepEqual(faults, []);
          },
        ),
    );

    forEachSession(
      `${mode}: nobody is believed who comes without a certificate`,
      (way, session, folder) =>
        withServer(
          way,
          { clientCertificates: mode },
          async ({ port }) => {
            const client = new Client(folder, session, "nobody");
            const expected = mode === "optional" ? "nobody" : "refused";
            for (let i = 0; i < 3; i++) {
              assert.equal(await client.visit(port), expected);
            }
          },
        ),
    );

    forEachSession(
      `${mode}: a session of before the authority was exchanged is not believed`,
      (way, session, folder) =>
        withServer(
          way,
          { clientCertificates: mode },
          async ({ port, context, faults }) => {
            const client = new Client(folder, session, "trusted");
            assert.equal(await client.visit(port), "trusted");
            context.update(settingsWith({
              clientCertificates: mode,
              ca: stranger.cert,
            }));
            for (let i = 0; i < 2; i++) {
              const verdict = await client.visit(port);
              if (mode === "optional") assert.ok(isRefusal(verdict), verdict);
              else assert.equal(verdict, "refused");
            }
            const other = new Client(folder, session, "foreign");
            assert.equal(await other.visit(port), "trusted");
            if (mode === "required") {
              assert.equal(faults.length, 2);
              assert.equal(faults[0]!.kind, "clientCertificate");
            }
          },
        ),
      ["of a listener", "on an accepted socket"],
    );

    forEachSession(
      `${mode}: a session of another server in this process is not believed`,
      (way, session, folder) =>
        withServer(
          way,
          { ca: stranger.cert },
          (elsewhere) =>
            withServer(way, { clientCertificates: mode }, async ({ port }) => {
              const client = new Client(folder, session, "foreign");
              assert.equal(await client.visit(elsewhere.port), "trusted");
              for (let i = 0; i < 2; i++) {
                const verdict = await client.visit(port);
                if (mode === "optional") assert.ok(isRefusal(verdict), verdict);
                else assert.equal(verdict, "refused");
              }
            }),
        ),
    );

    forEachSession(
      `${mode}: a session of one name is worth no more under another`,
      (way, session, folder) =>
        withServer(
          way,
          { clientCertificates: mode },
          async ({ port }) => {
            for (const name of ["selfMade", "trusted"] as const) {
              const client = new Client(folder, session, name);
              const first = await client.visit(port, "localhost");
              assert.equal(first === "trusted", name === "trusted");
              const second = await client.visit(port, "b.test");
              assert.equal(second, first);
            }
          },
        ),
    );
  }

  for (const before of ["none", "optional"] as const) {
    forEachSession(
      `required: a session without a certificate from when they were ${before} is refused`,
      (way, session, folder) =>
        withServer(
          way,
          { clientCertificates: before },
          async ({ port, context, faults }) => {
            const client = new Client(folder, session, "nobody");
            assert.equal(await client.visit(port), "nobody");
            context.update(settingsWith({ clientCertificates: "required" }));
            for (let i = 0; i < 2; i++) {
              assert.equal(await client.visit(port), "refused");
            }
            assert.equal(faults.length, 2);
          },
        ),
    );
  }

  forEachSession(
    "required: a session of optional times is judged anew",
    (way, session, folder) =>
      withServer(way, {}, async ({ port, context }) => {
        const client = new Client(folder, session, "selfMade");
        assert.ok(isRefusal(await client.visit(port)));
        context.update(settingsWith({ clientCertificates: "required" }));
        for (let i = 0; i < 2; i++) {
          assert.equal(await client.visit(port), "refused");
        }
      }),
  );
});
