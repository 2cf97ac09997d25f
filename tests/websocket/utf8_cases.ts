/** Octets that are UTF-8, and octets that are not. */

/** What is valid (RFC 3629 §4), at the edges of each row of its table. */
export const VALID: readonly (readonly [name: string, digits: string])[] = [
  ["nothing", ""],
  ["U+0000", "00"],
  ["U+007F", "7f"],
  ["U+0080", "c2 80"],
  ["U+07FF", "df bf"],
  ["U+0800", "e0 a0 80"],
  ["U+D7FF", "ed 9f bf"],
  ["U+E000", "ee 80 80"],
  ["U+FEFF, a mark that stays", "ef bb bf"],
  ["U+FFFE, no character", "ef bf be"],
  ["U+FFFF", "ef bf bf"],
  ["U+10000", "f0 90 80 80"],
  ["U+40000", "f1 80 80 80"],
  ["U+FFFFF", "f3 bf bf bf"],
  ["U+10FFFF", "f4 8f bf bf"],
  ["κόσμε", "ce ba e1 bd b9 cf 83 ce bc ce b5"],
];

/** What is not, and the offset of the octet at which that shows. */
export const INVALID: readonly (
  readonly [name: string, digits: string, at: number]
)[] = [
  ["a continuation first", "80", 0],
  ["the last continuation first", "bf", 0],
  ["an overlong U+0000 in two", "c0 80", 0],
  ["an overlong U+007F in two", "c1 bf", 0],
  ["an overlong U+0000 in three", "e0 80 80", 1],
  ["an overlong U+07FF", "e0 9f bf", 1],
  ["an overlong U+0000 in four", "f0 80 80 80", 1],
  ["an overlong U+FFFF", "f0 8f bf bf", 1],
  ["the surrogate U+D800", "ed a0 80", 1],
  ["the surrogate U+DFFF", "ed bf bf", 1],
  ["a pair of surrogates", "ed a0 80 ed b0 80", 1],
  ["U+110000", "f4 90 80 80", 1],
  ["U+140000", "f5 80 80 80", 0],
  ["five octets", "f8 88 80 80 80", 0],
  ["six octets", "fc 84 80 80 80 80", 0],
  ["FE", "fe", 0],
  ["FF", "ff", 0],
  ["no continuation after two", "c3 41", 1],
  ["one continuation of two", "e2 82 41", 2],
  ["two continuations of three", "f0 9f 92 41", 3],
  ["a lead after a lead", "c3 c3", 1],
  ["a lead among continuations", "f0 9f f0 9f", 2],
  ["one continuation too many", "c3 a9 a9", 2],
];
