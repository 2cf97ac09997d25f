/** Descriptors that stay open here, and nowhere else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeOnExec } from "../../../src/runtime/process/close_on_exec.ts";

/** A process by its descriptors: the file that each is open on, and whether exec closes it. */
function table(
  open: readonly (readonly [number, string])[],
  limit: number,
  hasDup3 = true,
) {
  const files = new Map(
    open.map(([number, file]) => [number, { file, closes: false }]),
  );
  return {
    files,
    dup(descriptor: number): number {
      const { file } = files.get(descriptor)!;
      for (let number = 0; number < limit; number++) {
        if (files.has(number)) continue;
        files.set(number, { file, closes: false });
        return number;
      }
      return -1;
    },
    ...hasDup3
      ? {
        dup3(descriptor: number, at: number, flags: number): number {
          const { file } = files.get(descriptor)!;
          files.set(at, { file, closes: (flags & 0o2000000) !== 0 });
          return at;
        },
      }
      : {},
    close(descriptor: number): number {
      assert.ok(files.delete(descriptor), `${descriptor} is open`);
      return 0;
    },
  };
}

const OPEN = [[0, "in"], [3, "channel"], [24, "port"]] as const;

test("closeOnExec() leaves the same files at the same numbers", () => {
  const here = table(OPEN, 64);
  closeOnExec([3, 24], here);
  assert.deepEqual([...here.files].toSorted(([a], [b]) => a - b), [
    [0, { file: "in", closes: false }],
    [3, { file: "channel", closes: true }],
    [24, { file: "port", closes: true }],
  ]);
});

for (
  const [what, here] of [
    ["without a free descriptor", table(OPEN, 1)],
    ["without dup3", table(OPEN, 64, false)],
  ] as const
) {
  test(`closeOnExec() changes nothing ${what}`, () => {
    const before = new Map(here.files);
    closeOnExec([3, 24], here);
    assert.deepEqual(here.files, before);
  });
}
