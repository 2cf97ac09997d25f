/** What counts and measures: memory of a fixed size, and nothing allocated when a value comes. */
import type { Sample } from "./snapshot.ts";

/** A counter with one label, whose values are known beforehand; or without a label. */
export class Counter {
  readonly #labels: readonly string[] | undefined;
  readonly #values: Float64Array;

  /** @param labels The values of its label. Default: it has none. */
  constructor(labels?: readonly string[]) {
    this.#labels = labels;
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

  /** What it has counted: of a labelled one the series that are not 0. */
  get samples(): Sample[] {
    const labels = this.#labels;
    if (labels === undefined) return [[[], [this.#values[0]!]]];
    const samples: Sample[] = [];
    this.#values.forEach((value, slot) => {
      if (value > 0) samples.push([[labels[slot]!], [value]]);
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
