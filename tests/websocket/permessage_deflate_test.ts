import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readExtensions } from "../../src/websocket/extensions.ts";
import {
  type DeflateAgreement,
  type DeflatePreferences,
  negotiateDeflate,
} from "../../src/websocket/permessage_deflate.ts";

const WISHES: DeflatePreferences = {
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  keepsContext: true,
};
const FULL: DeflatePreferences = {
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
  keepsContext: true,
};

function negotiate(
  list: string,
  wishes: DeflatePreferences,
): DeflateAgreement | undefined {
  const offers = readExtensions(list);
  assert.ok(offers !== undefined, "the list is well-formed");
  return negotiateDeflate(offers, wishes);
}

function answerTo(
  list: string,
  wishes: DeflatePreferences,
): string | undefined {
  return negotiate(list, wishes)?.answer;
}

const P = "permessage-deflate";

describe("negotiateDeflate() (RFC 7692 §5.1, §7.1)", () => {
  for (
    const [offer, wishes, answer, agreement] of [
      // What browsers and libraries send.
      [P, FULL, P, [false, false, 15, 15]],
      [`${P}; client_max_window_bits`, FULL, P, [false, false, 15, 15]],
      [
        `${P}; client_max_window_bits`,
        WISHES,
        `${P}; server_max_window_bits=12; client_max_window_bits=12`,
        [false, false, 12, 12],
      ],
      // Unasked the server may limit itself, but not the client (§7.1.2).
      [P, WISHES, `${P}; server_max_window_bits=12`, [false, false, 12, 15]],
      // §7.1.1.1
      [
        `${P}; server_no_context_takeover`,
        FULL,
        `${P}; server_no_context_takeover`,
        [true, false, 15, 15],
      ],
      // §7.1.1.2
      [
        `${P}; client_no_context_takeover`,
        FULL,
        `${P}; client_no_context_takeover`,
        [false, true, 15, 15],
      ],
      [
        `${P}; client_no_context_takeover; server_no_context_takeover`,
        FULL,
        `${P}; server_no_context_takeover; client_no_context_takeover`,
        [true, true, 15, 15],
      ],
      // §7.1.2.1: as large as offered, or smaller.
      [
        `${P}; server_max_window_bits=15`,
        FULL,
        `${P}; server_max_window_bits=15`,
        [false, false, 15, 15],
      ],
      [
        `${P}; server_max_window_bits=15`,
        WISHES,
        `${P}; server_max_window_bits=12`,
        [false, false, 12, 15],
      ],
      [
        `${P}; server_max_window_bits=9`,
        WISHES,
        `${P}; server_max_window_bits=9`,
        [false, false, 9, 15],
      ],
      [
        `${P}; server_max_window_bits="10"`,
        FULL,
        `${P}; server_max_window_bits=10`,
        [false, false, 10, 15],
      ],
      // §7.1.2.2: the client says what it can, the server what it shall.
      [
        `${P}; client_max_window_bits=15`,
        FULL,
        P,
        [false, false, 15, 15],
      ],
      [
        `${P}; client_max_window_bits=10`,
        FULL,
        `${P}; client_max_window_bits=10`,
        [false, false, 15, 10],
      ],
      [
        `${P}; client_max_window_bits=8`,
        FULL,
        `${P}; client_max_window_bits=8`,
        [false, false, 15, 8],
      ],
      [
        `${P}; client_max_window_bits=14`,
        { ...FULL, clientMaxWindowBits: 9 },
        `${P}; client_max_window_bits=9`,
        [false, false, 15, 9],
      ],
      // All at once, in any order.
      [
        `${P}; client_max_window_bits=11; server_max_window_bits=10; ` +
        "client_no_context_takeover; server_no_context_takeover",
        FULL,
        `${P}; server_no_context_takeover; client_no_context_takeover; ` +
        "server_max_window_bits=10; client_max_window_bits=11",
        [true, true, 10, 11],
      ],
      // A runtime that cannot keep windows has both sides forget theirs.
      [
        P,
        { ...FULL, keepsContext: false },
        `${P}; server_no_context_takeover; client_no_context_takeover`,
        [true, true, 15, 15],
      ],
    ] as const
  ) {
    test(`answers ${offer} with ${answer}`, () => {
      const [serverForgets, clientForgets, serverBits, clientBits] = agreement;
      assert.deepEqual(negotiate(offer, wishes), {
        serverNoContextTakeover: serverForgets,
        clientNoContextTakeover: clientForgets,
        serverMaxWindowBits: serverBits,
        clientMaxWindowBits: clientBits,
        answer,
      });
    });
  }
});

describe("an offer is declined (RFC 7692 §7.1)", () => {
  for (
    const [behavior, parameters] of [
      ["an unknown parameter", "foo"],
      [
        "an unknown parameter among known ones",
        "client_max_window_bits; foo=1",
      ],
      ["a parameter in capitals", "Server_No_Context_Takeover"],
      ["a value where none belongs", "server_no_context_takeover=1"],
      ["a value where none belongs", "client_no_context_takeover=true"],
      ["no value where one belongs", "server_max_window_bits"],
      ["seven bits", "server_max_window_bits=7"],
      ["sixteen bits", "server_max_window_bits=16"],
      ["a leading zero", "server_max_window_bits=09"],
      ["a sign", "server_max_window_bits=+9"],
      ["hexadecimal digits", "server_max_window_bits=0xa"],
      ["a fraction", "server_max_window_bits=9.0"],
      ["seven bits of the client's", "client_max_window_bits=7"],
      ["sixteen bits of the client's", "client_max_window_bits=16"],
      ["a client's leading zero", "client_max_window_bits=010"],
      ["no bits", "client_max_window_bits=0"],
      [
        "a parameter twice",
        "server_no_context_takeover; server_no_context_takeover",
      ],
      [
        "a parameter twice, with two values",
        "server_max_window_bits=10; server_max_window_bits=11",
      ],
      [
        "a parameter twice, once without a value",
        "client_max_window_bits; client_max_window_bits=10",
      ],
      // zlib cannot deflate with so small a window.
      ["a server's window of eight bits", "server_max_window_bits=8"],
    ] as const
  ) {
    test(`with ${behavior}: ${parameters}`, () => {
      assert.equal(answerTo(`${P}; ${parameters}`, FULL), undefined);
    });

    test(`and the next one taken, after ${parameters}`, () => {
      const list = `${P}; ${parameters}, ${P}; server_max_window_bits=11`;
      assert.equal(answerTo(list, FULL), `${P}; server_max_window_bits=11`);
    });
  }
});

describe("of several offers (RFC 7692 §5.1, websocket:W-102)", () => {
  for (
    const [behavior, list, answer] of [
      [
        "the first acceptable is taken",
        `${P}; server_max_window_bits=9, ${P}`,
        `${P}; server_max_window_bits=9`,
      ],
      [
        "other extensions are passed over",
        `x-webkit-deflate-frame, foo; a=1, ${P}`,
        P,
      ],
      ["names are compared whole", `${P}2, x${P}`, undefined],
      ["names are compared by case", "Permessage-Deflate", undefined],
      ["nothing is agreed on where nothing is offered", "", undefined],
    ] as const
  ) {
    test(behavior, () => {
      assert.equal(answerTo(list, FULL), answer);
    });
  }
});
