/**
 * What a new password must be: NIST SP 800-63B-4, section 3.1.1.2 (15 characters where a password is the only factor,
 * a list of common ones, no rules about kinds of characters).
 *
 * Hardly any listed password has 15 characters, so a look-up alone would refuse next to nothing. What people do to get
 * a common password past a length rule is to repeat it or to fill it up; that is what is looked for here.
 */

const MIN_CODE_POINTS = 15
const MAX_CODE_POINTS = 256
/** The part of the rule that whoever chooses a password is told before. */
export const PASSWORD_LENGTH = `${MIN_CODE_POINTS} to ${MAX_CODE_POINTS} characters`

/** Shorter words and stretches of a sequence turn up in random text too often to mean anything. */
const MIN_PIECE = 3
/** The same where there is no letter: digits are so few that three neighbours are no rarity. */
const MIN_PIECE_WITHOUT_LETTERS = 4

/** Of the list, only words from this length; with figures read as letters, `51de` as `side`, only from the second. */
const MIN_LISTED_WORD = 4
const MIN_LISTED_WORD_IN_FIGURES = 6

/** Characters beside sequences that are no obstacle to somebody who guesses: `12345678qwertyu` with a `!` at the end. */
const FREE_BESIDE_SEQUENCES = 3
/** The same beside a word, for each of its characters: `signet` is no password for nine digits behind it. */
const FREE_PER_WORD_CHARACTER = 1.5
const FREE_BESIDE_WORD = 9
/** Of those, how many may be letters: with more, there is a second word, and that makes a passphrase. */
const FREE_LETTERS_BESIDE_WORD = 3

/** Neighbours on keyboards and in counting. Alphabets and digits in order need no list: their code points are in order. */
const TRACKS = [
  ...['1234567890-=', 'qwertyuiop[]', "asdfghjkl;'", 'zxcvbnm,./', '!@#$%^&*()_+', '13579', '02468'],
  ...['qwertzuiopü', 'asdfghjklöä', 'yxcvbnm,.-', 'azertyuiop', 'qsdfghjklm', 'wxcvbn', '!"§$%&/()=?'],
  ...['йцукенгшщзхъ', 'фывапролджэ', 'ячсмитьбю', '1q2w3e4r5t6y7u8i9o0p'],
  ...['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik,', '9ol.', '0p;/'],
]

const LOOK_ALIKES = new Map(
  Object.entries({ '0': 'o', '1': 'i', '!': 'i', '3': 'e', '4': 'a', '@': 'a', '5': 's', $: 's', '7': 't' }),
)

type Successor = (char: string) => string | undefined
type Knowledge = { listed: ReadonlySet<string>; longestListed: number; successors: readonly Successor[] }

/** The form in which a password is hashed and checked: NFC, so that keyboards that compose differently agree. */
export function normalizePassword(password: string): string {
  return password.normalize('NFC')
}

/**
 * What keeps a text from becoming a password, as a sentence that does not repeat it, or undefined.
 *
 * The first call loads the list of common passwords, which takes some tens of milliseconds.
 *
 * @param password - as typed; 15 to 256 code points after NFC are accepted
 * @param words - what else may not be a password's substance: the username, the service's name
 */
export async function newPasswordProblem(password: string, words: readonly string[]): Promise<string | undefined> {
  if (!password.isWellFormed()) return 'The password is not well-formed Unicode.'
  if (password.includes('\0')) return 'The password contains a NUL character.'
  const length = [...normalizePassword(password)].length
  if (length < MIN_CODE_POINTS) return `The password is shorter than ${MIN_CODE_POINTS} characters.`
  if (length > MAX_CODE_POINTS) return `The password is longer than ${MAX_CODE_POINTS} characters.`
  const knowledge = await loadKnowledge()
  const chars = fold(password)
  // Once as it is, and once without what is put between characters to hide `1-2-3-4` or `p.a.s.s.w.o.r.d`.
  for (const text of [chars, chars.filter(char => !isSeparator(char))]) {
    if (isRepeatedUnit(text)) return 'The password repeats a few characters.'
    if (isSequence(text, knowledge)) return 'The password is a sequence of neighbouring characters.'
    if (isPaddedWord(text, wordsOf(words), knowledge)) {
      return 'The password is a common password, a username or a service name that is repeated or filled up.'
    }
  }
  return undefined
}

let knowledge: Promise<Knowledge> | undefined

/** Loaded when first asked for: the list is large, and a server that nobody gives a new password never needs it. */
function loadKnowledge(): Promise<Knowledge> {
  knowledge ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const listed = new Set(dictionary['passwords-common'].filter(word => word.length >= MIN_LISTED_WORD))
    const longestListed = Math.max(...Array.from(listed, word => word.length))
    const rows = TRACKS.flatMap(track => [alongTrack([...track]), alongTrack([...track].reverse())])
    return { listed, longestListed, successors: [...[0, 1, -1].map(byCodePoint), ...rows] }
  })
  return knowledge
}

function alongTrack(track: readonly string[]): Successor {
  const next = new Map(track.slice(1).map((char, index) => [track[index], char]))
  return char => next.get(char)
}

function byCodePoint(step: number): Successor {
  return char => {
    const next = (char.codePointAt(0) ?? 0) + step
    return next >= 0 && next <= 0x10ffff ? String.fromCodePoint(next) : undefined
  }
}

/** The characters that count for guessing: neither width, font and case nor what is invisible makes a difference. */
function fold(text: string): string[] {
  const visible = text.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  return [...visible.toLowerCase()]
}

/** The words and their parts: of an e-mail address used as a username, also the name before the `@`. */
function wordsOf(words: readonly string[]): string[][] {
  const folded = words.map(word => fold(word).join(''))
  const parts = folded.flatMap(word => word.split(/[^\p{L}\p{M}\p{N}]+/u)).filter(part => part.length > MIN_PIECE)
  return [...new Set([...folded, ...parts])].map(word => [...word]).filter(word => word.length >= MIN_PIECE)
}

/**
 * Whether the text is one unit over and over; the last may be cut short. A unit that has the length of a password is
 * none that could be guessed for being repeated.
 */
function isRepeatedUnit(chars: readonly string[]): boolean {
  const longestUnit = Math.min(Math.ceil(chars.length / 2), MIN_CODE_POINTS - 1)
  for (let unit = 1; unit <= longestUnit; unit++) {
    if (chars.every((char, index) => index < unit || char === chars[index - unit])) return true
  }
  return false
}

/** Whether next to nothing stands outside of sequences, or nothing at all when doubled characters count once. */
function isSequence(chars: readonly string[], { successors }: Knowledge): boolean {
  if (beside(chars, sequencesIn(chars, successors)).all <= FREE_BESIDE_SEQUENCES) return true
  const undoubled = chars.filter((char, index) => char !== chars[index - 1])
  return sequencesIn(undoubled, successors).every(Boolean)
}

/** Whether one common password, together with sequences and with the caller's words, leaves next to nothing. */
function isPaddedWord(chars: readonly string[], words: readonly string[][], knowledge: Knowledge): boolean {
  const readings = [
    { text: chars, minListed: MIN_LISTED_WORD },
    { text: chars.map(char => LOOK_ALIKES.get(char) ?? char), minListed: MIN_LISTED_WORD_IN_FIGURES },
  ]
  const sequences = sequencesIn(chars, knowledge.successors)
  const named = readings.flatMap(({ text }) => words.flatMap(word => placesOf(word, text)))
  if (isPadding(chars, sequences, named, [])) return true
  return readings.some(({ text, minListed }) =>
    listedWordsIn(text, minListed, knowledge).some(word => isPadding(chars, sequences, named, placesOf(word, text))),
  )
}

/** Whether what stands outside of sequences and words is little, measured by the words. */
function isPadding(
  chars: readonly string[],
  sequences: readonly boolean[],
  named: readonly number[],
  listed: readonly number[],
): boolean {
  // Digits are no word to which other digits are mere padding, unless they are the username.
  const substance = new Set([...named, ...listed.filter(index => isLetter(chars[index]))])
  const inWords = new Set([...named, ...listed])
  const covered = sequences.map((inSequence, index) => inSequence || inWords.has(index))
  const outside = beside(chars, covered)
  if (substance.size === 0) return outside.all === 0
  const free = Math.min(FREE_BESIDE_WORD, substance.size * FREE_PER_WORD_CHARACTER)
  return outside.letters <= FREE_LETTERS_BESIDE_WORD && outside.all <= Math.max(FREE_BESIDE_SEQUENCES, free)
}

function listedWordsIn(chars: readonly string[], minLength: number, knowledge: Knowledge): string[][] {
  const { listed, longestListed } = knowledge
  const found = new Set<string>()
  for (let start = 0; start < chars.length; start++) {
    for (let end = start + minLength; end <= Math.min(start + longestListed, chars.length); end++) {
      const word = chars.slice(start, end).join('')
      if (listed.has(word)) found.add(word)
    }
  }
  return Array.from(found, word => [...word])
}

/** The indexes of the characters in every place of the word and in its beginning where that follows one. */
function placesOf(word: readonly string[], chars: readonly string[]): number[] {
  return chars.flatMap((_, start) => {
    if (!word.every((char, offset) => chars[start + offset] === char)) return []
    let end = start + word.length
    while (end < chars.length && chars[end] === word[(end - start) % word.length]) end++
    return Array.from({ length: end - start }, (_unused, offset) => start + offset)
  })
}

/** Which characters belong to a stretch of equal or neighbouring characters. */
function sequencesIn(chars: readonly string[], successors: readonly Successor[]): boolean[] {
  const covered = chars.map(() => false)
  const minPiece = chars.some(isLetter) ? MIN_PIECE : MIN_PIECE_WITHOUT_LETTERS
  for (const successor of successors) {
    let start = 0
    chars.forEach((char, index) => {
      const next = chars[index + 1]
      if (next !== undefined && next === successor(char)) return
      if (index + 1 - start >= minPiece) covered.fill(true, start, index + 1)
      start = index + 1
    })
  }
  return covered
}

/** How much is not covered. What separates words adds nothing. */
function beside(chars: readonly string[], covered: readonly boolean[]): { letters: number; all: number } {
  const rest = chars.filter((char, index) => !covered[index] && !isSeparator(char))
  return { letters: rest.filter(isLetter).length, all: rest.length }
}

function isSeparator(char: string): boolean {
  return /[\p{Z}_.,-]/u.test(char)
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{M}]/u.test(char)
}
