/** Puts the session and the resource API on the screen. Whatever comes from a service is written as text, never as HTML. */
import { createAccounts } from './accounts.js'
import { inWords, readAnswer, SessionEnded, send } from './errors.js'
import { clearFields, markFields } from './fields.js'
import { takeLink } from './link.js'
import { createSession } from './session.js'

const byId = id => document.getElementById(id)
const say = error => {
  byId('error').textContent = inWords(error)
  byId('error').scrollIntoView({ block: 'nearest' })
}
addEventListener('unhandledrejection', ({ reason }) => say(reason))
// A top-level await that fails is one of these.
addEventListener('error', ({ error }) => say(error))
/** The link of a mail, while its password is not set. Before anything else: until then the ticket is in the address. */
let link = takeLink()
const config = await readAnswer(await send('/config.json'))
const { issuer, client_id: clientId, account_backend: backend } = config
const accounts = createAccounts({ issuer, clientId, backend })
let isSignedIn
const session = createSession({ issuer, clientId }, show)

/** The resource service, and what of it is called. */
const callApi = (path, init) => session.request(config.audience, path, init)
/** The token service is a resource service, too: it tells signed-in users about themselves. */
const callIssuer = path => session.request(issuer, issuer + path)

function show(isSignedInNow, reason) {
  isSignedIn = isSignedInNow
  for (const id of ['answer', 'user', 'roles', 'since', 'until']) byId(id).textContent = ''
  showPart()
  if (reason) say(reason)
  if (isSignedIn) attempt(showSession)
}

/** Which part of the page is there: the link of a mail goes first, then the session, then what the fragment of the address names. */
function partToShow() {
  if (link) return 'set-password'
  if (isSignedIn) return 'signed-in'
  const name = location.hash.slice(1)
  return backend && ['sign-up', 'forgot-password'].includes(name) ? name : 'sign-in'
}

const firstOf = {
  'sign-in': 'username',
  'sign-up': 'new-username',
  'forgot-password': 'login',
  'set-password': 'new-password',
}

function showPart() {
  for (const form of document.forms) {
    form.reset()
    clearFields(form)
  }
  for (const id of ['error', 'notice']) byId(id).textContent = ''
  showTyped()
  byId('account-links').hidden = !backend
  byId('link-username').value = link?.username ?? ''
  byId('whose').hidden = !link?.username
  const part = partToShow()
  for (const id of [...Object.keys(firstOf), 'signed-in']) byId(id).hidden = id !== part
  byId(firstOf[part] ?? 'who').focus()
}

async function showSession() {
  const [user, { sessions }] = await Promise.all([callIssuer('/me'), callIssuer('/me/sessions')])
  const { created_at: since, expires_at: until } = sessions.find(({ current }) => current)
  const inLocalTime = time => new Date(time).toLocaleString()
  byId('user').textContent = user.username
  byId('roles').textContent = user.roles.join(', ') || 'none'
  byId('since').textContent = inLocalTime(since)
  byId('until').textContent = inLocalTime(until)
}

async function signOut() {
  try {
    await session.signOut()
  } catch (error) {
    if (error instanceof SessionEnded) throw error
    throw new Error(`You are signed out here, but the token service doesn't know: ${inWords(error)}`)
  }
}

async function setPassword({ new_password: typed }) {
  const { ticket, username } = link
  await accounts.setPassword(ticket, typed.value)
  link = undefined
  // The sessions of before are over at the token service; what this browser has of one goes, whose ever it is.
  if (isSignedIn) await signOut()
  showPart()
  byId('notice').textContent = 'Your password is set. Sign in with it.'
  byId('username').value = username
  byId(username ? 'password' : 'username').focus()
}

function showTyped() {
  byId('new-password').type = byId('is-shown').checked ? 'text' : 'password'
}

/** Does `work` and says what went wrong. What an `element` asks for again meanwhile is not done twice. */
async function attempt(work, element) {
  if (element?.ariaBusy === 'true') return
  element?.setAttribute('aria-busy', 'true')
  for (const id of ['error', 'notice']) byId(id).textContent = ''
  if (element?.elements) clearFields(element)
  try {
    await work()
  } catch (error) {
    if (element && error.errors?.length > 0 && markFields(element, error.errors)) return
    // `show` was told. What else went wrong in a session that is over is nothing to whoever sees the page now.
    if (!(error instanceof SessionEnded)) say(error)
  } finally {
    element?.removeAttribute('aria-busy')
  }
}

function onSubmit(id, work) {
  const form = byId(id)
  form.addEventListener('submit', event => {
    event.preventDefault()
    attempt(() => work(form.elements), form)
  })
}

/** Shows what a call of the resource API answers. */
const onCall = (id, call) =>
  onSubmit(id, async elements => {
    byId('answer').textContent = ''
    byId('answer').textContent = JSON.stringify(await call(elements), undefined, 2)
  })

/** Shows what the backend says to a form. */
const onForm = (id, sendForm) =>
  onSubmit(id, async elements => {
    const message = await sendForm(elements)
    byId(id).reset()
    byId('notice').textContent = message
  })

onSubmit('sign-in', ({ username, password }) => session.signIn(username.value, password.value, config.audience))
onForm('sign-up', ({ username, email }) => accounts.signUp(username.value, email.value))
onForm('forgot-password', ({ login }) => accounts.forgotPassword(login.value))
onSubmit('set-password', setPassword)
byId('is-shown').addEventListener('change', showTyped)
onCall('me', () => callApi('/me'))
onCall('stats', () => callApi('/admin/stats'))
onCall('post', ({ title }) => {
  const body = JSON.stringify({ title: title.value })
  return callApi('/posts', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
})
// Never busy: the next user's click must not wait until the token service has heard of this one.
byId('sign-out').addEventListener('click', () => attempt(signOut))
// Another part of the page was asked for, or the link of a mail was opened in this tab.
addEventListener('hashchange', () => {
  link = takeLink()
  showPart()
})
// A page that comes back from the browser's memory has missed what other tabs did.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
