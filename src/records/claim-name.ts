/**
 * How a claim is named: a member at the top level exactly as it is spelt, or, with a slash in front, a JSON Pointer (RFC 6901). Claims
 * that are URLs, or hold dots, need no more than that.
 */

const decoded = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** The members that lead to the claim; undefined when it is no name. */
export function claimPath(name: string): readonly string[] | undefined {
  if (name === '' || /~(?![01])/.test(name.startsWith('/') ? name : '')) return undefined
  return name.startsWith('/') ? name.slice(1).split('/').map(decoded) : [name]
}
