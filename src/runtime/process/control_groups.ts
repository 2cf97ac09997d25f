/**
 * What the control groups of Linux allow this process: CPU time and memory, by version 1 or 2. A group
 * is in groups of its own, and the tightest of them counts.
 */

/** The text of a file; `undefined` if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Limits, each `undefined` if there is none, or it is unknown. */
export interface GroupLimits {
  /** CPUs' worth of time, such as 1.5. */
  readonly quota: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** From here on version 1 means "no limit". */
const NO_MEMORY_LIMIT = 2 ** 62;

/** The limits of this process, as `read` finds them in `/proc` and `/sys`. */
export function groupLimits(read: ReadText): GroupLimits {
  const mounts = mountsOf(read("/proc/self/mountinfo") ?? "");
  const quotas: number[] = [];
  const memory: number[] = [];
  for (const group of groupsOf(read("/proc/self/cgroup") ?? "")) {
    for (const folder of foldersOf(group, mounts)) {
      const text = (name: string) => read(`${folder}/${name}`)?.trim();
      if (group.version === 2) {
        quotas.push(quotaOf(...(text("cpu.max") ?? "").split(" ")));
        memory.push(bytesOf(text("memory.max")), bytesOf(text("memory.high")));
      } else if (group.controllers.includes("cpu")) {
        const [quota, period] = ["cpu.cfs_quota_us", "cpu.cfs_period_us"];
        quotas.push(quotaOf(text(quota), text(period)));
      } else if (group.controllers.includes("memory")) {
        memory.push(bytesOf(text("memory.limit_in_bytes")));
      }
    }
  }
  return { quota: least(quotas), memoryBytes: least(memory) };
}

/** A group that this process is in. */
interface Group {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** As the kernel calls it, from the root of its hierarchy. */
  readonly path: string;
}

function groupsOf(text: string): Group[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    return [{
      version: controllers === "" ? 2 as const : 1 as const,
      controllers: controllers!.split(","),
      path,
    }];
  });
}

/** Where a hierarchy is seen, and from which group on. */
interface Mount {
  readonly root: string;
  readonly point: string;
  readonly version: 1 | 2;
  readonly options: readonly string[];
}

/** id parent major:minor root point options… - type source options (proc_pid_mountinfo(5)). */
function mountsOf(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const [, , , root, point] = (before ?? "").split(" ");
    const [type, , options] = (after ?? "").split(" ");
    if (type !== "cgroup" && type !== "cgroup2") return [];
    return [{
      root: root!,
      point: point!,
      version: type === "cgroup2" ? 2 as const : 1 as const,
      options: (options ?? "").split(","),
    }];
  });
}

/** The folders of `group` and of those around it, as far as they are seen. */
function foldersOf(group: Group, mounts: readonly Mount[]): string[] {
  const mount = mounts.find(({ version, options }) =>
    version === group.version &&
    (version === 2 || group.controllers.some((one) => options.includes(one)))
  );
  if (mount === undefined) return [];
  const root = mount.root === "/" ? "" : mount.root;
  // A container may see its own group alone, under a name that means nothing in it.
  const isSeen = group.path === root || group.path.startsWith(`${root}/`);
  const parts = isSeen
    ? group.path.slice(root.length).split("/").filter(Boolean)
    : [];
  return [
    mount.point,
    ...parts.map((_, at) =>
      `${mount.point}/${parts.slice(0, at + 1).join("/")}`
    ),
  ];
}

/** `max`, `-1` and what is missing are no limit. */
function quotaOf(quota?: string, period?: string): number {
  const [time, of] = [Number(quota || NaN), Number(period || NaN)];
  return time > 0 && of > 0 ? time / of : Infinity;
}

function bytesOf(text: string | undefined): number {
  const bytes = Number(text || NaN);
  return bytes > 0 && bytes < NO_MEMORY_LIMIT ? bytes : Infinity;
}

function least(values: readonly number[]): number | undefined {
  const value = Math.min(...values);
  return value === Infinity ? undefined : value;
}
