/** Local times in the notation of C's `strftime`, as far as logs need it; names are English. */

const DAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAY_MS = 24 * 60 * 60 * 1000;

function digits(value: number, count: number = 2): string {
  return String(value).padStart(count, "0");
}

const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => DAYS[date.getDay()]!.slice(0, 3),
  A: (date) => DAYS[date.getDay()]!,
  b: (date) => MONTHS[date.getMonth()]!.slice(0, 3),
  B: (date) => MONTHS[date.getMonth()]!,
  d: (date) => digits(date.getDate()),
  f: (date) => digits(date.getMilliseconds() * 1000, 6),
  F: (date) =>
    `${date.getFullYear()}-${digits(date.getMonth() + 1)}-${
      digits(date.getDate())
    }`,
  H: (date) => digits(date.getHours()),
  I: (date) => digits(date.getHours() % 12 || 12),
  j: (date) => {
    const noon = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
    return digits((noon - Date.UTC(date.getFullYear(), 0, 0)) / DAY_MS, 3);
  },
  m: (date) => digits(date.getMonth() + 1),
  M: (date) => digits(date.getMinutes()),
  p: (date) => date.getHours() < 12 ? "AM" : "PM",
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => digits(date.getSeconds()),
  T: (date) =>
    `${digits(date.getHours())}:${digits(date.getMinutes())}:${
      digits(date.getSeconds())
    }`,
  y: (date) => digits(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  z: (date) => {
    const minutes = -date.getTimezoneOffset();
    const away = Math.abs(minutes);
    const sign = minutes < 0 ? "-" : "+";
    return `${sign}${digits(Math.floor(away / 60))}${digits(away % 60)}`;
  },
  "%": () => "%",
};

/**
 * Compiles a format of dates.
 *
 * @returns Formats milliseconds since 1970 as local time; or the directive that is unknown.
 */
export function strftime(
  format: string,
): ((time: number) => string) | { readonly unknown: string } {
  const parts: (string | ((date: Date) => string))[] = [];
  for (const [text, letter] of format.matchAll(/%([^]?)|[^%]+/g)) {
    if (letter === undefined) {
      parts.push(text);
      continue;
    }
    const directive = Object.hasOwn(DIRECTIVES, letter)
      ? DIRECTIVES[letter]
      : undefined;
    if (directive === undefined) return { unknown: text };
    parts.push(directive);
  }
  return (time) => {
    const date = new Date(time);
    return parts.map((part) => typeof part === "string" ? part : part(date))
      .join("");
  };
}
