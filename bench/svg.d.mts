/** Middle, least and greatest of a figure's rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** One server's figure, and how it is shown. */
export interface Figure extends Spread {
  readonly name: string;
  readonly label: string;
  readonly tint: string;
  readonly isOurs?: boolean;
}

/** One round of one server; figures by name. */
export type Round = Readonly<Record<string, number>>;

/** What a scenario measured, as far as charts need it. */
export interface ScenarioResult {
  readonly steps?: readonly number[];
  readonly sides: Readonly<
    Record<string, { readonly rounds: readonly Round[] }>
  >;
}

/** What `run.mjs --json` wrote, as far as charts need it. */
export interface Run {
  readonly scenarios: Readonly<Record<string, ScenarioResult>>;
}

/** One server's line. */
export interface Line {
  readonly name: string;
  readonly label: string;
  readonly tint: string;
  readonly isOurs?: boolean;
  readonly figures: readonly (Figure | undefined)[];
}

export function escapeXml(text: string): string;
export function marksUpTo(greatest: number, most?: number): number[];
export function powersAround(least: number, greatest: number): number[];
export function showFigure(value: number): string;
export function mergeRuns(
  runs: readonly Run[],
): { scenarios: Record<string, ScenarioResult>; sources: Record<string, Run> };
export function figuresOf(
  scenario: ScenarioResult,
  figure: string,
  step?: number,
): Figure[];
export function linesOf(scenario: ScenarioResult, figure: string): Line[];
export function barChart(
  chart: {
    title: string;
    unit: string;
    groups: readonly { label: string; figures: readonly Figure[] }[];
    source: string;
    hasOneScale?: boolean;
  },
): string;
export function lineChart(
  chart: {
    title: string;
    unit: string;
    stepUnit: string;
    steps: readonly number[];
    lines: readonly Line[];
    source: string;
  },
): string;
