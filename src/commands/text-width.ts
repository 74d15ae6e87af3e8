/** How many columns of a terminal a text takes, and how it is made to fit fewer. Of printable text: see printable.ts. */

const ASCII = /^[\x20-\x7E]*$/
/** A mark is drawn over the character before it. */
const MARK = /^[\p{Mn}\p{Me}]$/u
/** East Asian Wide and Fullwidth (UAX #11), by their blocks, and emoji. */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}\p{Emoji_Presentation}]$/u

const ELLIPSIS = '…'
const NO_BREAK = '\u00A0'

const widthOfCharacter = (character: string): number => (MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** Columns. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfCharacter(character)
  return width
}

/** As much of its beginning as fits; one character at least. */
function beginningOf(text: string, width: number): string {
  let [beginning, used] = ['', 0]
  for (const character of text) {
    used += widthOfCharacter(character)
    if (used > width && beginning !== '') break
    beginning += character
  }
  return beginning
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** What is too long ends with `…`. */
export const cut = (text: string, width: number): string =>
  widthOf(text) <= width ? text : `${beginningOf(text, width - 1)}${ELLIPSIS}`

/** A text that `wrap` keeps in one line while it is shorter than one. */
export const unbroken = (text: string): string => text.replaceAll(' ', NO_BREAK)

const COMMAND = /(?:sudo -u \S+ )?(?:\.\/)?\bsignet [a-z-]+(?: [a-z]+)?(?: --[a-z-]+)*|\b(?:chmod|chown) \S+ \S+/g

/** The same for each command in a text, so that it can be copied. */
export const unbrokenCommands = (text: string): string => text.replace(COMMAND, unbroken)

/**
 * Lines that are broken at spaces.
 * @param indent what the lines after the first begin with
 * @param longWords a word that is longer than a line is broken, or kept whole, so that a path can be copied
 */
export function wrap(text: string, width: number, indent = '', longWords: 'break' | 'keep' = 'break'): string[] {
  const isTooLong = (line: string) => longWords === 'break' && widthOf(line) > width
  const lead = text.slice(0, text.length - text.trimStart().length)
  const lines: string[] = []
  let [line, isBegun] = [lead, false]
  for (const word of text.slice(lead.length).split(' ')) {
    const longer = isBegun ? `${line} ${word}` : line + word
    if (widthOf(longer) <= width) {
      ;[line, isBegun] = [longer, isBegun || word !== '']
      continue
    }
    if (isBegun) lines.push(line.trimEnd())
    let rest = word
    for (line = isBegun ? indent : line; isTooLong(line + rest); line = indent) {
      const part = beginningOf(rest, width - widthOf(line))
      lines.push(line + part)
      rest = rest.slice(part.length)
    }
    ;[line, isBegun] = [line + rest, rest !== '']
  }
  return [...lines, line.trimEnd()].map(each => each.replaceAll(NO_BREAK, ' '))
}

/** Lines that say something each: what is too long goes on below, further in than it began. */
export const wrapEach = (lines: readonly string[], width: number): string[] =>
  lines.flatMap(line => wrap(line, width, ' '.repeat(line.length - line.trimStart().length + 4)))
