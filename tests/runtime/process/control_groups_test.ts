import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type GroupLimits,
  groupLimits,
} from "../../../src/runtime/process/control_groups.ts";

const V2 = "30 24 0:26 ROOT /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n";
const V1 = [
  "32 31 0:29 ROOT /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
  "35 31 0:32 ROOT /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
  "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
  "",
].join("\n");
const GIB = 2 ** 30;
const NONE = { quota: undefined, memoryBytes: undefined };

const CASES: Readonly<
  Record<string, readonly [Readonly<Record<string, string>>, GroupLimits]>
> = {
  "nothing to be read": [{}, NONE],
  "no limits": [{
    "/proc/self/mountinfo": V2.replace("ROOT", "/"),
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/cpu.max": "max 100000\n",
    "/sys/fs/cgroup/memory.max": "max\n",
  }, NONE],
  "version 2, in a container with a namespace": [{
    "/proc/self/mountinfo": V2.replace("ROOT", "/"),
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/cpu.max": "150000 100000\n",
    "/sys/fs/cgroup/memory.max": `${GIB}\n`,
  }, { quota: 1.5, memoryBytes: GIB }],
  "version 2, limits further up and further down": [{
    "/proc/self/mountinfo": V2.replace("ROOT", "/"),
    "/proc/self/cgroup": "0::/system.slice/app.service\n",
    "/sys/fs/cgroup/system.slice/cpu.max": "50000 100000\n",
    "/sys/fs/cgroup/system.slice/app.service/cpu.max": "400000 100000\n",
    "/sys/fs/cgroup/system.slice/memory.max": `${4 * GIB}\n`,
    "/sys/fs/cgroup/system.slice/app.service/memory.max": "max\n",
    "/sys/fs/cgroup/system.slice/app.service/memory.high": `${2 * GIB}\n`,
  }, { quota: 0.5, memoryBytes: 2 * GIB }],
  "version 2, seen from inside without a namespace": [{
    "/proc/self/mountinfo": V2.replace("ROOT", "/docker/abc"),
    "/proc/self/cgroup": "0::/docker/abc/inner\n",
    "/sys/fs/cgroup/cpu.max": "200000 100000\n",
    "/sys/fs/cgroup/inner/cpu.max": "300000 100000\n",
    "/sys/fs/cgroup/docker/abc/cpu.max": "1 100000\n",
  }, { quota: 2, memoryBytes: undefined }],
  "version 2, under a name of the host": [{
    "/proc/self/mountinfo": V2.replace("ROOT", "/docker/abc"),
    "/proc/self/cgroup": "0::/docker/abcd\n",
    "/sys/fs/cgroup/cpu.max": "200000 100000\n",
  }, { quota: 2, memoryBytes: undefined }],
  "version 1": [{
    "/proc/self/mountinfo": V1.replaceAll("ROOT", "/docker/abc"),
    "/proc/self/cgroup":
      "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${GIB}\n`,
  }, { quota: 2.5, memoryBytes: GIB }],
  "version 1 without limits": [{
    "/proc/self/mountinfo": V1.replaceAll("ROOT", "/"),
    "/proc/self/cgroup": "4:memory:/a\n3:cpu,cpuacct:/\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
  }, NONE],
  "nonsense": [{
    "/proc/self/mountinfo": "- \n - - -\n" + V2.replace("ROOT", "/"),
    "/proc/self/cgroup": "0:\n0::\n0::/\n::::\n",
    "/sys/fs/cgroup/cpu.max": "many few\n",
    "/sys/fs/cgroup/memory.max": "-7\n",
  }, NONE],
};

describe("limits of control groups", () => {
  for (const [name, [files, limits]] of Object.entries(CASES)) {
    test(name, () => {
      assert.deepEqual(groupLimits((path) => files[path]), limits);
    });
  }
});
