/** RFC 7692: compressed messages, with every combination of parameters, and what a bomb comes to. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runtime } from "../../src/runtime/mod.ts";
import type { MessageDeflater } from "../../src/runtime/types.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import { hex, join, utf8 } from "../_support/octets.ts";
import {
  BINARY,
  closeFrame,
  CONTINUATION,
  fragments,
  frame,
  PING,
  TEXT,
} from "../_support/websocket_frames.ts";
import {
  binaryLine,
  chop,
  closeLine,
  EchoClient,
  exchange,
  filler,
  pongLine,
  prose,
  textLine,
} from "../websocket/echo.ts";

const P = "permessage-deflate";
const KIB = 1024;
const READ = 64 * KIB;
const RSV1 = 4;

function settings(serverBits: number, clientBits = serverBits) {
  return {
    deflate: {
      serverMaxWindowBits: serverBits,
      clientMaxWindowBits: clientBits,
      keepsContext: runtime.keepsDeflateContext,
    },
  };
}

/** A client that compresses as it was agreed. */
class DeflateClient {
  readonly echo: EchoClient;
  readonly deflater: MessageDeflater;

  constructor(echo: EchoClient) {
    this.echo = echo;
    const answer = echo.extensions;
    const bits = (side: string) =>
      Number(
        new RegExp(`${side}_max_window_bits=(\\d+)`).exec(answer)?.[1] ?? 15,
      );
    const forgets = (side: string) =>
      answer.includes(`${side}_no_context_takeover`);
    this.deflater = runtime.createDeflater(
      Math.max(9, bits("client")),
      !forgets("client"),
    );
    echo.inflater = runtime.createInflater(bits("server"), !forgets("server"));
  }

  static async open(offer: string, bits: number): Promise<DeflateClient> {
    const echo = await EchoClient.open({ offer, settings: settings(bits) });
    assert.match(echo.extensions, new RegExp(`^${P}`));
    return new DeflateClient(echo);
  }

  /** A message, compressed, in frames of at most `size` bytes. */
  message(opcode: number, payload: Uint8Array, size = Infinity): Uint8Array {
    const compressed = this.deflater.deflate(payload);
    return join(
      ...fragments(opcode, compressed, Math.min(size, compressed.length), RSV1),
    );
  }

  close(): void {
    this.deflater.close();
    this.echo.inflater!.close();
  }
}

/** What clients send: large JSON, prose, and what cannot be compressed. */
function payloadOf(kind: string, size: number, i: number): Uint8Array {
  if (kind === "binary") return filler(size, i + 1);
  if (kind === "prose") return prose(size);
  const item = `{"id":${i},"name":"item","tags":["a","b"],"price":${i}.99},`;
  const text = item.repeat(Math.ceil(size / item.length) + 1);
  return utf8(text).slice(0, size);
}

async function roundTrips(
  client: DeflateClient,
  kind: string,
  size: number,
  fragment = Infinity,
): Promise<void> {
  const opcode = kind === "binary" ? BINARY : TEXT;
  for (let i = 0; i < 8; i++) {
    const payload = payloadOf(kind, size, i);
    await client.echo.send(
      chop(client.message(opcode, payload, fragment), READ),
    );
    assert.deepEqual(await client.echo.lines(), [
      opcode === TEXT ? textLine(payload) : binaryLine(payload),
    ]);
  }
  if (size >= 256) assert.equal(client.echo.compressed, 8);
}

describe("12 compression, by content and size", () => {
  const sizes = [0, 16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB]
    .concat(64 * KIB, 128 * KIB);
  for (const kind of ["json", "prose", "binary"]) {
    for (const size of sizes) {
      test(`${kind}, ${size} bytes`, async () => {
        const client = await DeflateClient.open(
          `${P}; client_max_window_bits`,
          12,
        );
        await roundTrips(client, kind, size);
        client.close();
      });
    }
  }

  for (
    const [size, fragment] of [[KIB, 1], [128 * KIB, 256], [128 * KIB, KIB]]
  ) {
    test(`${size} bytes in fragments of ${fragment}`, async () => {
      const client = await DeflateClient.open(P, 15);
      await roundTrips(client, "json", size, fragment);
      await roundTripsOfBinary(client, size, fragment);
      client.close();
    });
  }
});

async function roundTripsOfBinary(
  client: DeflateClient,
  size: number,
  fragment: number,
): Promise<void> {
  client.echo.compressed = 0;
  await roundTrips(client, "binary", size, fragment);
}

describe("13 compression, by parameters (RFC 7692 §7.1)", () => {
  const offers = [
    P,
    `${P}; server_no_context_takeover`,
    `${P}; client_no_context_takeover`,
    `${P}; server_no_context_takeover; client_no_context_takeover`,
    `${P}; server_max_window_bits=9`,
    `${P}; server_max_window_bits=15`,
    `${P}; server_no_context_takeover; server_max_window_bits=9`,
    `${P}; server_no_context_takeover; server_max_window_bits=15`,
    `${P}; client_max_window_bits`,
    `${P}; client_max_window_bits=8`,
    `${P}; client_max_window_bits=9; client_no_context_takeover`,
    `${P}; client_max_window_bits=15; server_max_window_bits="10"`,
    `${P}; server_no_context_takeover; server_max_window_bits=9, ` +
    `${P}; server_no_context_takeover, ${P}`,
  ];
  for (const offer of offers) {
    for (const bits of [9, 12, 15]) {
      test(`${offer}, of at most ${bits} bits`, async () => {
        for (const size of [64, KIB, 16 * KIB]) {
          const client = await DeflateClient.open(offer, bits);
          await roundTrips(client, "json", size);
          client.close();
        }
      });
    }
  }

  for (const keeps of [true, false]) {
    const offer = keeps ? P : `${P}; server_no_context_takeover`;
    test(`a server's window is ${keeps ? "kept" : "forgotten"} by ${offer}`, async () => {
      const client = await DeflateClient.open(offer, 15);
      const payload = filler(2_000);
      const sizes: number[] = [];
      for (let i = 0; i < 2; i++) {
        await client.echo.send([client.message(BINARY, payload)]);
        sizes.push(
          client.echo.socket.writes.reduce(
            (sum, { length }) => sum + length,
            0,
          ),
        );
        assert.deepEqual(await client.echo.lines(), [binaryLine(payload)]);
      }
      assert.equal(sizes[1] < sizes[0] / 4, keeps, sizes.join(" then "));
      client.close();
    });
  }
});

describe("messages of either kind (RFC 7692 §6)", () => {
  test("compressed and plain ones alternate, with pings between", async () => {
    const client = await DeflateClient.open(P, 15);
    for (let i = 0; i < 5; i++) {
      const bytes = filler(500, i + 1);
      const [first, ...rest] = fragments(
        BINARY,
        client.deflater.deflate(bytes),
        20,
        RSV1,
      );
      await client.echo.send([
        frame(TEXT, "plain"),
        first,
        frame(PING, "p"),
        ...rest,
      ]);
      assert.deepEqual(await client.echo.lines(), [
        textLine("plain"),
        pongLine("p"),
        binaryLine(bytes),
      ]);
    }
    client.close();
  });

  for (
    const [name, digits, text] of [
      ["§7.2.3.1 one block", "f2 48 cd c9 c9 07 00", "Hello"],
      [
        "§7.2.3.3 a block without compression",
        "00 05 00 fa ff 48 65 6c 6c 6f 00",
        "Hello",
      ],
      ["§7.2.3.4 a final block", "f3 48 cd c9 c9 07 00 00", "Hello"],
      [
        "§7.2.3.5 two blocks",
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
        "Hello",
      ],
      ["§7.2.3.6 an empty message", "00", ""],
    ] as const
  ) {
    test(`${name}, twice, whole and in fragments of 3`, async () => {
      const client = await DeflateClient.open(P, 15);
      const payload = hex(digits);
      for (const size of [payload.length, 3]) {
        await client.echo.send(fragments(TEXT, payload, size, RSV1));
        assert.deepEqual(await client.echo.lines(), [textLine(text)]);
      }
      client.close();
    });
  }

  test("§7.2.3.2 a reference into the message before", async () => {
    const client = await DeflateClient.open(P, 15);
    for (const digits of ["f2 48 cd c9 c9 07 00", "f2 00 11 00 00"]) {
      await client.echo.send([frame(TEXT, hex(digits), { rsv: RSV1 })]);
      assert.deepEqual(await client.echo.lines(), [textLine("Hello")]);
    }
    client.close();
  });
});

describe("what is wrong ends the connection", () => {
  const options = { offer: P, settings: settings(15) };
  const HELLO = hex("f2 48 cd c9 c9 07 00");
  for (
    const [name, frames, code, reason] of [
      [
        "a compressed control frame (§6.1)",
        [frame(PING, HELLO, { rsv: RSV1 })],
        1002,
        "reserved bits are set that no extension defines",
      ],
      [
        "a continuation that says it is compressed (§6.1)",
        [
          frame(TEXT, HELLO.slice(0, 3), { rsv: RSV1, fin: false }),
          frame(CONTINUATION, HELLO.slice(3), { rsv: RSV1 }),
        ],
        1002,
        "reserved bits are set that no extension defines",
      ],
      [
        "another reserved bit",
        [frame(TEXT, HELLO, { rsv: 6 })],
        1002,
        "reserved bits are set that no extension defines",
      ],
      [
        "octets that are no deflate",
        [frame(TEXT, hex("07 00"), { rsv: RSV1 })],
        1007,
        "message cannot be inflated",
      ],
      [
        "text that is not UTF-8 once it is inflated",
        [frame(TEXT, hex("00 02 00 fd ff c3 28 00"), { rsv: RSV1 })],
        1007,
        "text is not UTF-8",
      ],
    ] as const
  ) {
    test(name, async () => {
      assert.deepEqual(await exchange(frames, undefined, options), [
        closeLine(code, reason),
        "end",
      ]);
    });
  }

  test("a reference behind the window of a forgetful client", async () => {
    const forgetful = {
      offer: `${P}; client_no_context_takeover`,
      settings: settings(15),
    };
    const frames = [HELLO, hex("f2 00 11 00 00")].map((payload) =>
      frame(TEXT, payload, { rsv: RSV1 })
    );
    assert.deepEqual(await exchange(frames, undefined, forgetful), [
      "text Hello",
      "close 1007 message cannot be inflated",
      "end",
    ]);
  });

  test("compression where none was agreed on", async () => {
    for (const offer of ["", "foo", `${P}; foo`]) {
      const plain = { ...options, offer };
      const client = await EchoClient.open(plain);
      assert.equal(client.extensions, "");
      assert.deepEqual(
        await exchange([frame(TEXT, HELLO, { rsv: RSV1 })], undefined, plain),
        ["close 1002 reserved bits are set that no extension defines", "end"],
      );
    }
  });
});

describe("bombs (RFC 7692 §8, websocket:W-051)", () => {
  const zeros = new Uint8Array(100_000);
  const limits = {
    ...DEFAULT_WEBSOCKET_LIMITS,
    maxInflateRatio: 10,
    inflateFloorBytes: 1_000,
  };
  const bomb = (payload: Uint8Array) => {
    const deflater = runtime.createDeflater(15, true);
    const bytes = frame(BINARY, deflater.deflate(payload), { rsv: RSV1 });
    deflater.close();
    return bytes;
  };

  test("a message past the ratio limit ends with 1009", async () => {
    assert.deepEqual(
      await exchange([bomb(zeros)], undefined, {
        offer: P,
        settings: { ...settings(15), limits },
      }),
      ["close 1009 message inflates beyond the ratio limit", "end"],
    );
  });

  test("a small one is looked over", async () => {
    const client = await EchoClient.open({
      offer: P,
      settings: { ...settings(15), limits },
    });
    const reader = new DeflateClient(client);
    await client.send([bomb(zeros.slice(0, 1_000))]);
    assert.deepEqual(await client.lines(), [
      binaryLine(zeros.slice(0, 1_000)),
    ]);
    reader.close();
  });

  for (
    const [size, line] of [
      [100_000, undefined],
      [100_001, "close 1009 message exceeds the size limit"],
    ] as const
  ) {
    test(`${size} bytes, inflated, where 100000 are allowed`, async () => {
      const client = await EchoClient.open({
        offer: P,
        settings: {
          ...settings(15),
          limits: { ...DEFAULT_WEBSOCKET_LIMITS, maxMessageBytes: 100_000 },
        },
      });
      const reader = new DeflateClient(client);
      await client.send([bomb(new Uint8Array(size))]);
      assert.deepEqual(await client.lines(), [
        line ?? binaryLine(new Uint8Array(size)),
      ]);
      assert.equal(client.socket.hasEnded, line !== undefined);
      reader.close();
    });
  }

  test("every message that fits the default limits passes, 128 KiB of zeros too", async () => {
    const client = await DeflateClient.open(P, 15);
    const payload = new Uint8Array(128 * KIB);
    await client.echo.send([client.message(BINARY, payload)]);
    assert.deepEqual(await client.echo.lines(), [binaryLine(payload)]);
    client.close();
  });

  test("and closes in good order", async () => {
    const client = await DeflateClient.open(P, 15);
    await client.echo.send([closeFrame(1000)]);
    assert.deepEqual(await client.echo.lines(), ["close 1000"]);
    client.close();
  });
});
