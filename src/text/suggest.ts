/** Which names somebody may have meant. */

/** Up to three of `names` that are close to `word`, the closest first. */
export function didYouMean(word: string, names: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const close: { readonly name: string; readonly distance: number }[] = [];
  for (const name of names) {
    const candidate = name.toLowerCase();
    // "--relo" for "--reload-delay": a beginning is close however much is missing.
    const isBeginning = wanted.length >= 4 && candidate.startsWith(wanted);
    const distance = Math.min(
      isBeginning ? 1 : Infinity,
      editDistance(wanted, candidate),
    );
    if (distance <= Math.max(1, Math.floor(candidate.length / 3))) {
      close.push({ name, distance });
    }
  }
  close.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const best = close[0]?.distance ?? 0;
  return close.filter(({ distance }) => distance <= best + 1).slice(0, 3)
    .map(({ name }) => name);
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  // Nobody meant this; the work is the product of the lengths.
  if (a.length > 64) return Infinity;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, before[j - 2]! + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
