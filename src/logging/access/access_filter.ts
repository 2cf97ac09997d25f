/** Which requests the access log leaves out: by path, or by chance. */
import type { RequestRecord } from "./request_record.ts";

/** Whether a request is logged. */
export type AccessFilter = (record: RequestRecord) => boolean;

/** What is left out. */
export interface AccessFilterOptions {
  /** Patterns of paths, in which `*` stands for any characters. */
  readonly exclude: readonly string[];
  /** Share of successful responses that is logged, 0 to 1. Errors and aborts always are. */
  readonly sample: number;
}

/**
 * The filter for `options`; `undefined` if all requests are logged.
 *
 * @param random Numbers from 0 up to 1.
 */
export function accessFilter(
  { exclude, sample }: AccessFilterOptions,
  random: () => number = Math.random,
): AccessFilter | undefined {
  if (exclude.length === 0 && sample === 1) return undefined;
  const patterns = exclude.map((pattern) => pattern.split("*"));
  return ({ path, status, abortReason }) => {
    if (patterns.some((parts) => matches(path, parts))) return false;
    return sample === 1 || status >= 400 || abortReason !== undefined ||
      random() < sample;
  };
}

/**
 * Whether `text` is the parts of a pattern with any characters between them. Takes each part at its
 * first place, which is enough and keeps hostile paths from costing more than one pass each.
 */
function matches(text: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
