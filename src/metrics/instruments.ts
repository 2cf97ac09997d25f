/** What counts and measures: memory of a fixed size, and nothing allocated when a value comes. */
import type { Sample } from "./snapshot.ts";

/** Which series of a counter are told: those that are not 0, or each one from the start. */
export type ToldSeries = "counted" | "all";

/** A counter with one label, whose values are known beforehand; or without a label. */
export class Counter {
  readonly #labels: readonly string[] | undefined;
  readonly #values: Float64Array;
  readonly #told: ToldSeries;

  /**
   * @param labels The values of its label. Default: it has none.
   * @param told A series that begins at 1 hides its first event from `increase()` of Prometheus: where
   * there are few, all are told.
   */
  constructor(labels?: readonly string[], told: ToldSeries = "counted") {
    this.#labels = labels;
    this.#told = told;
    this.#values = new Float64Array(labels?.length ?? 1);
  }

  /** @param slot Index of the label's value; 0 without a label. @param by At least 0. */
  add(slot: number, by: number): void {
    this.#values[slot]! += by;
  }

  /** Of all labels. */
  get sum(): number {
    return this.#values.reduce((sum, value) => sum + value, 0);
  }

  /** What it has counted. */
  get samples(): Sample[] {
    const labels = this.#labels;
    if (labels === undefined) return [[[], [this.#values[0]!]]];
    const samples: Sample[] = [];
    this.#values.forEach((value, slot) => {
      if (value > 0 || this.#told === "all") {
        samples.push([[labels[slot]!], [value]]);
      }
    });
    return samples;
  }
}

/** One series of a histogram. */
export class HistogramSeries {
  readonly #labels: readonly string[];
  readonly #bounds: readonly number[];
  /** Values in each bucket alone, in the one without a bound, and their sum. */
  readonly #values: Float64Array;

  /** @param bounds Upper bounds of the buckets, ascending. */
  constructor(bounds: readonly number[], labels: readonly string[] = []) {
    this.#bounds = bounds;
    this.#labels = labels;
    this.#values = new Float64Array(bounds.length + 2);
  }

  /** Takes a value. Most are small, so that the first buckets are looked at first. */
  observe(value: number): void {
    const bounds = this.#bounds;
    const values = this.#values;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    values[at]! += 1;
    values[bounds.length + 1]! += value;
  }

  /** What it has seen. */
  get sample(): Sample {
    return [this.#labels, [...this.#values]];
  }
}
