/** One environment variable: how it is read, from itself or from a file. */
import { readFileSync } from 'node:fs'

/**
 * Says why a value is refused. The message completes the sentence "NAME is VALUE: …" and never repeats the value, so that
 * the caller alone decides whether the value may be shown.
 */
export class Refusal extends Error {
  /** The same value in its right form, where there is one. It repeats parts of the value. */
  readonly rightForm: string | undefined

  constructor(reason: string, rightForm?: string) {
    super(reason)
    this.name = 'Refusal'
    this.rightForm = rightForm
  }
}

/** Names and values, as in process.env. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One environment variable. `default` is what stands in the documentation; two defaults follow another variable. */
export interface Variable<Value> {
  readonly name: string
  readonly default: string
  readonly example: string
  readonly description: string
  /** Given for a value that may hold a secret: what may be shown of one that is right. No other is ever shown. */
  readonly mask?: (text: string) => string
  /** Throws a Refusal when the text is wrong. */
  readonly parse: (text: string) => Value
}

/** A variable as it is in force. */
export interface Setting {
  readonly name: string
  /** As it was written, without what is secret in it. */
  readonly value: string
  readonly source: 'default' | 'environment' | 'file'
  /** The path of the file, if that is the source. */
  readonly file: string | undefined
}

/**
 * Reads one variable, from `NAME` or from the file that `NAME_FILE` names.
 *
 * @returns undefined when the variable is not set, else its value or what is wrong with it
 */
export function readVariable<Value>(
  environment: Environment,
  { name, example, mask, parse }: Variable<Value>,
): { readonly value: Value; readonly setting: Setting } | { readonly mistake: string } | undefined {
  const path = environment[`${name}_FILE`]
  const direct = environment[name]
  if (direct === undefined && path === undefined) return undefined
  if (direct !== undefined && path !== undefined) {
    return { mistake: `${name} and ${name}_FILE are both set: keep one. Example: ${name}=${example}` }
  }
  let text = direct ?? ''
  try {
    if (path !== undefined) text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    // The path is not repeated: it may be a secret that was put into the wrong variable.
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error'
    const reason = path === '' ? 'its name is empty; unset the variable, or name a file' : code
    return { mistake: `${name}_FILE: the file cannot be read (${reason}). Example: ${name}_FILE=/run/secrets/file` }
  }
  // No right value but a database URL has an "@", and a wrong one may be a URL with a password.
  const shown = path === undefined && mask === undefined && !text.includes('@')
  try {
    if (text === '') throw new Refusal('it is empty; unset it, or give it a value')
    if (text !== text.trim()) throw new Refusal('it begins or ends with white space')
    const value = parse(text)
    const source = path === undefined ? 'environment' : 'file'
    return { value, setting: { name, value: mask?.(text) ?? text, source, file: path } }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const subject = shown ? `${name} is ${JSON.stringify(text)}` : path === undefined ? name : `${name} (from a file)`
    const rightForm = shown ? error.rightForm : undefined
    return { mistake: `${subject}: ${error.message}. Example: ${name}=${rightForm ?? example}` }
  }
}
