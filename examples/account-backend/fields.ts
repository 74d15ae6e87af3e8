/** What people type into the forms. Nothing here asks whether somebody is known: so what is wrong may be said at once. */
import { type FieldError, Refusal } from './errors.ts'

/**
 * Narrower than Signet's own rule for names: letters that look like others are no name here. Whoever allows more keeps the rule in
 * one place, because a name that only Signet refuses is noticed after the answer, and can be told by mail only.
 */
const isNewName = (text: string): boolean =>
  text.length >= 3 && text.length <= 40 && /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text)

/** Whether mail gets there, only mail can tell. */
const isAddress = (text: string): boolean => text.length <= 254 && /^[^\s@<>",;:\\]+@[^\s@<>",;:\\]+$/.test(text)

const isName = (text: string): boolean => text !== '' && text.length <= 128

const rules = {
  newName: {
    isGood: isNewName,
    message:
      'A user name has 3 to 40 small letters (a to z), digits, and single dots, dashes or underscores between them.',
  },
  name: { isGood: isName, message: 'A user name has 1 to 128 characters.' },
  address: { isGood: isAddress, message: 'This is no mail address.' },
} as const

type Rule = keyof typeof rules

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The members of a body that have a rule. @throws Refusal that says of each what is wrong */
export function readFields<Field extends string>(
  body: unknown,
  wanted: Readonly<Record<Field, Rule>>,
): Record<Field, string> {
  const given = isObject(body) ? body : {}
  const errors: FieldError[] = []
  const entries = Object.entries<Rule>(wanted).map(([field, rule]) => {
    const value = given[field]
    const { isGood, message } = rules[rule]
    if (typeof value !== 'string' || !isGood(value)) errors.push({ field, message })
    return [field, value]
  })
  if (errors.length > 0)
    throw new Refusal({ status: 422, error: 'invalid_request', errors }, 'Some fields are not as they have to be.')
  return Object.fromEntries(entries)
}

/** Who has forgotten a password: known by a mail address, or by a user name. */
export const readWho = (body: unknown): { readonly email: string } | { readonly username: string } =>
  isObject(body) && 'email' in body ? readFields(body, { email: 'address' }) : readFields(body, { username: 'name' })
