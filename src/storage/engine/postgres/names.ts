/** Names under which the server keeps statements, so that it reads and plans each once for a connection: that is half of what they cost it. */

const names = new Map<string, string>()
let count = 0

export function nameOf(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  count += 1
  const name = `signet_${count}`
  names.set(text, name)
  return name
}

/** Those that are kept under the old ones are not asked for again. */
export const forgetNames = (): void => names.clear()
