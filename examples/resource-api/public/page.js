/** Puts the session and the resource API on the screen. Whatever comes from a service is written as text, never as HTML. */
import { createAccounts } from './accounts.js'
import { atField, inWords, readAnswer, SessionEnded, send } from './errors.js'
import { addShowButtons, attempt, onClick, onSubmit } from './forms.js'
import { showHint } from './hint.js'
import { takeLink } from './link.js'
import { clearMessages, sayError, sayNotice } from './messages.js'
import { showSessions } from './own-sessions.js'
import { showPart } from './parts.js'
import { showPosts } from './posts.js'
import { createSession } from './session.js'
import { inLocalTime } from './time.js'

const byId = id => document.getElementById(id)
addEventListener('unhandledrejection', ({ reason }) => sayError(reason))
// A top-level await that fails is one of these.
addEventListener('error', ({ error }) => sayError(error))
/** The link of a mail, until its password is set. Taken before anything else, because the ticket is in the address. */
let link = takeLink()
const config = await readAnswer(await send('/config.json'))
const { issuer, client_id: clientId, account_backend: backend } = config
const accounts = createAccounts({ issuer, clientId, backend })
let isSignedIn
/** What /me says about the signed-in user. */
let user
const session = createSession({ issuer, clientId }, show)

/** The resource service, and what of it is called. */
const callApi = (path, init) => session.request(config.audience, path, init)
/** The token service is a resource service, too: it tells signed-in users about themselves. */
const callIssuer = (path, init) => session.request(issuer, issuer + path, init)

function show(isSignedInNow, reason) {
  isSignedIn = isSignedInNow
  for (const id of ['answer', 'user', 'roles', 'since', 'until', 'posts', 'sessions']) byId(id).replaceChildren()
  byId('own-username').defaultValue = ''
  update()
  if (reason) sayError(reason)
  if (isSignedIn) attempt(showSession)
}

/** The link of a mail comes first, then the session, then the part that the fragment of the address names. */
function partToShow() {
  if (link) return 'set-password'
  if (isSignedIn) return 'signed-in'
  const name = location.hash.slice(1)
  return backend && ['sign-up', 'forgot-password'].includes(name) ? name : 'sign-in'
}

function update() {
  clearMessages()
  showPart(partToShow())
  byId('link-username').value = link?.username ?? ''
  byId('whose').hidden = !link?.username
}

async function showSession() {
  const [me, { sessions }, posts] = await Promise.all([
    callIssuer('/me'),
    callIssuer('/me/sessions'),
    callApi('/posts'),
  ])
  user = me
  const { created_at: since, expires_at: until } = sessions.find(({ current }) => current)
  byId('user').textContent = user.username
  byId('own-username').defaultValue = user.username
  byId('roles').textContent = user.roles.join(', ') || 'none'
  byId('since').textContent = inLocalTime(since)
  byId('until').textContent = inLocalTime(until)
  showSessions(sessions, signOutOther)
  showPosts(posts, user.user_id)
}

async function updateSessions() {
  const { sessions } = await callIssuer('/me/sessions')
  showSessions(sessions, signOutOther)
}

async function signOut() {
  try {
    await session.signOut()
  } catch (error) {
    if (error instanceof SessionEnded) throw error
    throw new Error(`You are signed out here, but the token service doesn't know: ${inWords(error)}`)
  }
}

async function signOutOther({ id }) {
  await callIssuer(`/me/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' })
  await updateSessions()
  byId('sessions-heading').focus()
  sayNotice('That session has ended.')
}

async function signOutEverywhere() {
  await callIssuer('/me/sessions?all=true', { method: 'DELETE' })
  await signOut()
  sayNotice('You are signed out everywhere.')
}

async function changePassword({ current_password: current, new_password: next }) {
  const body = new URLSearchParams({ current_password: current.value, new_password: next.value })
  await callIssuer('/me/password', { method: 'POST', body }).catch(error =>
    atField(error, 'invalid_grant', 'current_password', 'The current password is wrong.'),
  )
  byId('change-password').reset()
  await updateSessions()
  sayNotice('Your password is changed. All your other sessions have ended.')
}

async function setPassword({ new_password: typed }) {
  const { ticket, username } = link
  await accounts.setPassword(ticket, typed.value)
  link = undefined
  // The token service has ended all sessions of this user. What this browser has of a session goes, too, whoever's it is.
  if (isSignedIn) await signOut()
  update()
  sayNotice('Your password is set. Sign in with it.')
  byId('username').value = username
  byId(username ? 'password' : 'username').focus()
}

/** Shows what a call of the resource API answers. */
const onCall = (id, path) =>
  onSubmit(id, async () => {
    byId('answer').textContent = ''
    byId('answer').textContent = JSON.stringify(await callApi(path), undefined, 2)
  })

/** Shows what the backend says to a form. */
const onForm = (id, sendForm) =>
  onSubmit(id, async elements => {
    const message = await sendForm(elements)
    byId(id).reset()
    sayNotice(message)
  })

addShowButtons()
byId('account-links').hidden = !backend
if (config.sign_in_hint) showHint(config.sign_in_hint)
onSubmit('sign-in', ({ username, password }) =>
  session
    .signIn(username.value, password.value, config.audience)
    .catch(error => atField(error, 'invalid_grant', 'password', 'The user name or the password is wrong.')),
)
onForm('sign-up', ({ username, email }) => accounts.signUp(username.value, email.value))
onForm('forgot-password', ({ login }) => accounts.forgotPassword(login.value))
onSubmit('set-password', setPassword)
onSubmit('change-password', changePassword)
onSubmit('post', async ({ title }) => {
  const body = JSON.stringify({ title: title.value })
  await callApi('/posts', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  byId('post').reset()
  showPosts(await callApi('/posts'), user.user_id)
})
onCall('me', '/me')
onCall('stats', '/admin/stats')
onClick(byId('sign-out-everywhere'), signOutEverywhere)
// Never busy: the next user's click must not wait until the token service has heard of this one.
byId('sign-out').addEventListener('click', () => attempt(signOut))
// Another part of the page was asked for, or the link of a mail was opened in this tab.
addEventListener('hashchange', () => {
  link = takeLink()
  update()
})
// A page that comes back from the browser's memory has missed what other tabs did.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
