import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventText } from "../../src/helpers/event_text.ts";

describe("eventText()", () => {
  for (
    const [event, text] of [
      ["hi", "data: hi\n\n"],
      ["", "data: \n\n"],
      [{ data: "a\nb\r\nc\rd" }, "data: a\ndata: b\ndata: c\ndata: d\n\n"],
      [
        { data: "x", event: "tick", id: "7", retry: 5, comment: "c\nd" },
        ": c\n: d\nevent: tick\nid: 7\nretry: 5\ndata: x\n\n",
      ],
      [{ retry: 0 }, "retry: 0\n\n"],
      [{ id: "" }, "id: \n\n"],
      [{}, "\n"],
    ] as const
  ) {
    test(JSON.stringify(event), () => assert.equal(eventText(event), text));
  }

  for (
    const [event, message] of [
      [
        { event: "a\nb" },
        /as "event" of an event: expected text without line ends$/,
      ],
      [{ id: "a\rb" }, /as "id" of an event/],
      [{ id: "\0" }, /as "id" of an event/],
      [
        { retry: -1 },
        /^Cannot send -1 as "retry" of an event: expected whole milliseconds$/,
      ],
      [{ retry: 0.5 }, /as "retry"/],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(event)}`, () => {
      assert.throws(() => eventText(event), { name: "TypeError", message });
    });
  }
});
