/** Puts the session and the resource API on the screen. Whatever comes from a service is written as text, never as HTML. */
import { inWords, readAnswer, SessionEnded, send } from './errors.js'
import { createSession } from './session.js'

const byId = id => document.getElementById(id)
const say = error => {
  byId('error').textContent = inWords(error)
  byId('error').scrollIntoView({ block: 'nearest' })
}
addEventListener('unhandledrejection', ({ reason }) => say(reason))
// A top-level await that fails is one of these.
addEventListener('error', ({ error }) => say(error))
const config = await readAnswer(await send('/config.json'))
const session = createSession({ issuer: config.issuer, clientId: config.client_id }, show)

/** The resource service, and what of it is called. */
const callApi = (path, init) => session.request(config.audience, path, init)
/** The token service is a resource service, too: it tells signed-in users about themselves. */
const callIssuer = path => session.request(config.issuer, config.issuer + path)

function show(isSignedIn, reason) {
  for (const form of document.forms) form.reset()
  for (const id of ['answer', 'user', 'roles', 'since', 'until']) byId(id).textContent = ''
  byId('error').textContent = ''
  byId('sign-in').hidden = isSignedIn
  byId('signed-in').hidden = !isSignedIn
  byId(isSignedIn ? 'who' : 'username').focus()
  if (reason) say(reason)
  if (isSignedIn) attempt(showSession)
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

/** Does `work` and says what went wrong. What an `element` asks for again meanwhile is not done twice. */
async function attempt(work, element) {
  if (element?.ariaBusy === 'true') return
  element?.setAttribute('aria-busy', 'true')
  byId('error').textContent = ''
  try {
    await work()
  } catch (error) {
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

onSubmit('sign-in', ({ username, password }) => session.signIn(username.value, password.value, config.audience))
onCall('me', () => callApi('/me'))
onCall('stats', () => callApi('/admin/stats'))
onCall('post', ({ title }) => {
  const body = JSON.stringify({ title: title.value })
  return callApi('/posts', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
})
// Never busy: the next user's click must not wait until the token service has heard of this one.
byId('sign-out').addEventListener('click', () => attempt(signOut))
// A page that comes back from the browser's memory has missed what other tabs did.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
