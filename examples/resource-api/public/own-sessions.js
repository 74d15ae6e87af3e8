/** Where the signed-in user is signed in, as a list with a button for each other session. */
import { onClick } from './forms.js'
import { inLocalTime } from './time.js'

const list = document.getElementById('sessions')

const browsers = [
  ['Edge', /\bEdg\//],
  ['Firefox', /\bFirefox\//],
  ['Chrome', /Chrome\//],
  ['Safari', /\bSafari\//],
]
const systems = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(iPhone|iPad)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
]

/** A user agent in words that people know. It says what it likes: enough to recognize a device, not to trust one. */
function deviceOf(userAgent) {
  if (userAgent === null) return 'Unknown device'
  const nameIn = names => names.find(([, pattern]) => pattern.test(userAgent))?.[0]
  const [browser, system] = [nameIn(browsers), nameIn(systems)]
  if (!browser) return userAgent
  return system ? `${browser} on ${system}` : browser
}

function itemFor(session, signOut) {
  const item = document.createElement('li')
  const device = deviceOf(session.user_agent)
  const about = document.createElement('div')
  const details = document.createElement('small')
  const lastUsed = inLocalTime(session.last_used_at)
  details.textContent = [session.address, session.current ? 'this session' : `last used ${lastUsed}`]
    .filter(Boolean)
    .join(', ')
  about.append(device, details)
  item.append(about)
  if (session.current) return item
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'plain'
  button.textContent = 'Sign out'
  button.ariaLabel = `Sign out ${device}, ${details.textContent}`
  onClick(button, () => signOut(session))
  item.append(button)
  return item
}

/** @param signOut ends one of them */
export function showSessions(sessions, signOut) {
  list.replaceChildren(...sessions.map(session => itemFor(session, signOut)))
}
