/** What a command prints for people, with each sentence in one line again: a terminal has eighty columns, and what goes on is indented. */
export const unwrapped = (text: string): string => text.replace(/\n(?: {4}| {9})(?=\S)/g, ' ')
