import assert from "node:assert/strict";
import { test } from "node:test";
import { type TopicLinkMessage, TopicsLink } from "../../src/topics/link.ts";

for (const message of ["text\u2028", Uint8Array.of(0, 255)]) {
  test(`a link carries ${typeof message} as plain JSON`, () => {
    const sent: TopicLinkMessage[] = [];
    const from = new TopicsLink("host", (one) => void sent.push(one));
    from.carry("t", message);
    const to = new TopicsLink("host", () => {});
    const heard: unknown[] = [];
    to.receive(sent[0]!); // nobody listens yet
    to.onMessage = (topic, data) => heard.push([topic, data]);
    to.receive(JSON.parse(JSON.stringify(sent[0])));
    assert.deepEqual(heard, [["t", message]]);
  });
}
