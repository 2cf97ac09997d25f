import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closeProblem,
  dataProblem,
  subprotocolProblem,
} from "../../../src/connection/exchange/websocket_shapes.ts";

const BYTES = new Uint8Array(1);

for (
  const [what, found, problem] of [
    ["text", dataProblem("", null), undefined],
    ["octets", dataProblem(null, BYTES), undefined],
    [
      "neither",
      dataProblem(null, null),
      'expected exactly one of "text" and "bytes"',
    ],
    [
      "both",
      dataProblem("", BYTES),
      'expected exactly one of "text" and "bytes"',
    ],
    [
      "a number as text",
      dataProblem(1, null),
      '"text" is 1, expected a string',
    ],
    [
      "text as octets",
      dataProblem(null, "a"),
      '"bytes" is "a", expected a Uint8Array',
    ],
    ["no subprotocol", subprotocolProblem(undefined, []), undefined],
    ["one that was offered", subprotocolProblem("a", ["b", "a"]), undefined],
    [
      "one that was not offered",
      subprotocolProblem("a", ["b"]),
      '"subprotocol" is "a", which was not offered',
    ],
    [
      "a number as subprotocol",
      subprotocolProblem(1, ["1"]),
      '"subprotocol" is 1, expected a string',
    ],
    ["a close code", closeProblem(1000, ""), undefined],
    [
      "a code that must not be sent",
      closeProblem(1006, ""),
      '"code" is 1006, which must not be sent',
    ],
    [
      "a reason that is no text",
      closeProblem(1000, 1),
      '"reason" is 1, expected a string',
    ],
  ] as const
) {
  test(`the shape of WebSocket messages: ${what}`, () => {
    assert.equal(found, problem);
  });
}
