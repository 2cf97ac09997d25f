/** The version of this server, as in jsr.json. */
export const VERSION = "0.1.0";
