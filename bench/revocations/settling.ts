/** Loads that are to run together do not begin at the same moment, and whoever begins has connections to open and code to compile. */
export const SETTLING_MS = 2000
