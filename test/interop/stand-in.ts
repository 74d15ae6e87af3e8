/** Signet behind https, with a look at what it is asked, and an answer in its place. */
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { request, type Service } from '../support/serve.ts'
import type { Front } from './machines.ts'

/** What is said about the body and the connection is another's here. */
const ofTheConnection = new Set(['host', 'connection', 'content-length', 'expect', 'transfer-encoding'])

export async function answering(t: Test, { config }: Service, { url, tls }: Front) {
  let instead: number | undefined
  let asked = 0
  let last: Readonly<Record<string, string>> = {}
  const server = createServer(tls ?? {}, async (incoming, outgoing) => {
    asked += 1
    const body = await text(incoming)
    last = incoming.headers as Record<string, string>
    if (instead !== undefined) return outgoing.writeHead(instead).end()
    const headers = Object.fromEntries(Object.entries(last).filter(([name]) => !ofTheConnection.has(name)))
    const { method = '' } = incoming
    const more = method === 'POST' ? { headers, body } : { headers }
    const answer = await request(`http://127.0.0.1:${config.port}${incoming.url}`, { method, ...more })
    return outgoing
      .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      .end(answer.text)
  })
  await new Promise<void>(resolve => server.listen(Number(new URL(url).port), '127.0.0.1', resolve))
  const end = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(end)
  return {
    end,
    /** How many requests have come. */
    asked: () => asked,
    /** Of the last request. */
    headers: () => last,
    /** What is answered in Signet's place; undefined: nothing is. */
    insteadAnswers: (status: number | undefined) => {
      instead = status
    },
  }
}
