/**
 * The session of this page. The access tokens, a few minutes long, are kept in memory. The refresh token is stored in the browser,
 * where the tabs of this page share it and a reload finds it; so could a foreign script that got into the page (XSS). Three
 * things stand against that: the page's Content-Security-Policy runs no foreign script and stops requests to elsewhere (but not a
 * navigation, which can carry a token in its address), the page writes text and never HTML, and a refresh token that is used by
 * two ends the session.
 */
import { Refused, readAnswer, SessionEnded, send } from './errors.js'
import { readToken, removeToken, writeToken } from './token-store.js'

const NAME = 'resource-api.session'

/**
 * @param onChange is called with whether somebody is signed in: at the start, and when this tab or another one has changed it; also
 * with a SessionEnded when nobody has asked for that
 */
export function createSession({ issuer, clientId }, onChange) {
  /** By the resource service that they are for. */
  const accessTokens = new Map()
  const otherTabs = new BroadcastChannel(NAME)
  /** Aborted when somebody signs in or out: what was asked for before must neither go on nor be answered in the next session. */
  let session = new AbortController()

  /** One tab at a time, so that no refresh token is used by two. */
  const alone = work => navigator.locks.request(NAME, work)

  const post = (path, parameters, init = {}) => {
    const body = new URLSearchParams({ client_id: clientId, ...parameters })
    return send(issuer + path, { ...init, method: 'POST', body })
  }

  const getTokens = async parameters => readAnswer(await post('/oauth/token', parameters))

  async function revoke(token) {
    // Also when the tab is closed at once.
    const response = await post('/oauth/revoke', { token }, { keepalive: true })
    // When all is well there is nothing to read (RFC 7009 §2.2).
    if (!response.ok) await readAnswer(response)
  }

  async function keep({ access_token: token, expires_in: seconds, refresh_token: next }, resource) {
    await writeToken(next)
    // The last tenth of its life is left to the time that a request takes.
    accessTokens.set(resource, { token, usableUntil: Date.now() + seconds * 900 })
    return token
  }

  function change(isSignedIn, reason) {
    session.abort(new SessionEnded())
    session = new AbortController()
    onChange(isSignedIn, reason)
  }

  function tell(isSignedIn, reason) {
    otherTabs.postMessage(isSignedIn)
    change(isSignedIn, reason)
  }

  /** Passes on what promises come to as long as the session of now lasts, and SessionEnded after it. */
  function thisSession() {
    const { signal } = session
    return { signal, within: promise => promise.finally(() => signal.throwIfAborted()) }
  }

  async function forget(reason) {
    await removeToken()
    accessTokens.clear()
    tell(false, reason)
  }

  async function end() {
    const ended = new SessionEnded()
    await forget(ended)
    throw ended
  }

  async function refresh(resource) {
    const token = await readToken()
    if (token === undefined) return end()
    try {
      const answer = await getTokens({ grant_type: 'refresh_token', refresh_token: token, resource })
      return await keep(answer, resource)
    } catch (error) {
      if (!(error instanceof Refused && error.code === 'invalid_grant')) throw error
      return end()
    }
  }

  /** An access token for `resource`; not the one that was `refused`. */
  async function accessToken(resource, refused) {
    const held = () => {
      const { token, usableUntil } = accessTokens.get(resource) ?? { usableUntil: 0 }
      return token !== refused && Date.now() < usableUntil ? token : undefined
    }
    // Asked again inside the lock: another call may have refreshed while this one waited.
    return held() ?? alone(async () => held() ?? (await refresh(resource)))
  }

  otherTabs.onmessage = ({ data: isSignedIn }) => {
    accessTokens.clear()
    change(isSignedIn)
  }
  readToken().then(token => onChange(token !== undefined))

  return {
    /** @throws NotUnderstood, Refused, Unreachable */
    signIn: (username, password, resource) =>
      alone(async () => {
        await keep(await getTokens({ grant_type: 'password', username, password, resource }), resource)
        tell(true)
      }),

    /** Every tab is signed out, also when the token service can't be told. @throws Refused, SessionEnded, Unreachable */
    async signOut() {
      const token = await alone(async () => {
        const held = await readToken()
        await forget()
        return held
      })
      if (token !== undefined) await thisSession().within(revoke(token))
    },

    /** A request with an access token for `resource`. @throws NotUnderstood, Refused, SessionEnded, Unreachable */
    async request(resource, url, init = {}) {
      const { signal, within } = thisSession()
      const sendWith = token =>
        within(send(url, { ...init, signal, headers: { ...init.headers, authorization: `Bearer ${token}` } }))
      const token = await within(accessToken(resource))
      const response = await sendWith(token)
      if (response.status !== 401) return within(readAnswer(response))
      // It was revoked, or a clock is wrong: once more with a fresh one. Nothing was done yet, so a POST may be repeated, too.
      return within(readAnswer(await sendWith(await within(accessToken(resource, token)))))
    },
  }
}
