/** The link of a mail: `#ticket=…&username=…`. */

/**
 * Takes it out of the address, which people copy, photograph and leave in the browser's history, and which scripts read. It is kept
 * nowhere but in the memory of this page: whoever reloads it opens the link again.
 * @returns undefined when the address has none
 */
export function takeLink() {
  const parameters = new URLSearchParams(location.hash.slice(1))
  const ticket = parameters.get('ticket')
  if (ticket === null) return undefined
  history.replaceState(null, '', location.pathname)
  return { ticket, username: parameters.get('username') ?? '' }
}
