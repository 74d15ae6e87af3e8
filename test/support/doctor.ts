/** What `signet doctor` prints for people, with each finding in one line again: a terminal has eighty columns. */
export const unwrapped = (text: string): string => text.replace(/\n {9}(?=\S)/g, ' ')
