/** What an incremental reader returns in place of a number of bytes. */

/** The end is not there: call again, from the same beginning, with more bytes. */
export const NEEDS_MORE = 0;
/** The reader's `fault` says what is wrong. */
export const FAULT = -1;
