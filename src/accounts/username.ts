const MAX_CODE_POINTS = 128
/** More than any spelling of a name needs: one character is up to 18 in its compatibility form. */
const LONGEST_SPELLING = 20 * MAX_CODE_POINTS

/**
 * The form in which usernames are compared: two usernames with the same key are one account.
 *
 * It follows NFKC_Casefold (Unicode Standard, section 3.13, R5): compatibility forms, letter case and characters that
 * are invisible by default do not tell users apart, nor does white space around the name: telephones type some after a word
 * that they complete. It is idempotent, and total: it never throws. What is too long for a name stays as it is: to compose thousands of
 * accents takes so long that everybody would wait.
 *
 * @param username - as typed, well-formed or not
 */
export function usernameKey(username: string): string {
  if (username.length > LONGEST_SPELLING) return username
  // Decomposed first, as the standard's D145 wants it: folding makes the Greek iota subscript a letter, and where it
  // then stands must not depend on how the letter and its accents were composed. The last step composes again.
  const decomposed = username.normalize('NFKD').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  return withoutSpaceAround(foldCase(decomposed).normalize('NFKC'))
}

/**
 * Unicode's White_Space. A space that carries a mark is what a name may begin with: an accent that stands by itself (`´`) is one. The end is
 * sought from the first of several spaces only: from each of them it would take a second, of a request full of them.
 */
const withoutSpaceAround = (text: string): string =>
  text.replace(/^(?:\p{White_Space}(?!\p{M}))+|(?<!\p{White_Space})\p{White_Space}+$/gu, '')

/**
 * JavaScript has no full case folding. Upper case expands what has no single capital (`ß` becomes `SS`) and the lower
 * case of that brings the variants together. Lower case comes first because `ẞ` is its own upper case and would
 * otherwise end as `ß`. At the end of a word JavaScript writes a sigma as `ς`; folding knows only `σ`.
 * Unlike Unicode's folding this also takes the dotless `ı` for an `i`, which keeps look-alikes from being two accounts.
 */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}

/**
 * What keeps a text from being a username, as a sentence for the person who chose it, or undefined. White space around it is refused
 * here, though a sign-in forgives it: a name is shown and compared elsewhere as it was entered.
 *
 * @param username - as typed; 1 to 128 code points are accepted
 */
export function usernameProblem(username: string): string | undefined {
  if (username === '') return 'The username is empty.'
  if (!username.isWellFormed()) return 'The username is not well-formed Unicode.'
  if ([...username].length > MAX_CODE_POINTS) return `The username is longer than ${MAX_CODE_POINTS} characters.`
  if (/\p{C}/u.test(username)) {
    return 'The username contains a control, format, private-use or unassigned character.'
  }
  if (/[\p{Zl}\p{Zp}]/u.test(username)) return 'The username contains a line or paragraph separator.'
  if (username !== username.trim()) return 'The username begins or ends with white space.'
  // Fillers and variation selectors are letters and marks to Unicode, yet alone they show, and compare as, nothing.
  if (usernameKey(username) === '') return 'The username contains no visible character.'
  return undefined
}

/** Their letters look alike: `аlice` may begin with a Cyrillic one. */
const alike = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u]

/**
 * Whether a text has letters of more than one of Latin, Greek and Cyrillic (Unicode Standard Annex #24), as a sentence for the person who
 * chose it, or undefined. Other scripts may stand beside any of them, as they do in Japanese names.
 */
export const mixedScriptsProblem = (username: string): string | undefined =>
  // As names are compared: some symbols stand for letters, and have no script of their own.
  alike.filter(script => script.test(usernameKey(username))).length > 1
    ? 'The username mixes Latin, Greek and Cyrillic letters.'
    : undefined
