/** What servers find at the issuer's address: Signet behind https, with a look at what it is asked, and another answer when it is told so. */
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:https'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Service } from '../support/serve.ts'
import type { Front } from './machines.ts'

/** @param changed what the answer at a path has for headers */
export async function standIn(
  t: Test,
  { config }: Service,
  { url, tls }: Front,
  changed = (_path: string, headers: IncomingHttpHeaders) => headers,
) {
  const asked: IncomingMessage[] = []
  let instead: number | undefined
  let afterMs = 0
  const server = createServer(tls ?? {}, async (incoming, outgoing) => {
    asked.push(incoming)
    if (instead !== undefined) {
      if (afterMs > 0) await setTimeout(afterMs)
      outgoing.writeHead(instead, { 'content-type': 'application/json', 'retry-after': '1' })
      outgoing.end('{"error":"temporarily_unavailable"}')
      return
    }
    const { method, url: path = '', headers } = incoming
    // One that another request has used may be closed by now.
    const onward = request({ port: config.port, method, path, headers, agent: false }, answer => {
      outgoing.writeHead(answer.statusCode ?? 500, changed(path, answer.headers))
      answer.pipe(outgoing)
    })
    // Without Signet there is no answer.
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
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
    /** What has come so far. */
    asked,
    /** How often this path was asked for. */
    askedFor: (path: string): number => asked.filter(({ url: each }) => each === path).length,
    /** A header of the last request. */
    header: (name: string) => asked.at(-1)?.headers[name],
    /** What is answered in Signet's place, and after how long; undefined: nothing is. */
    insteadAnswers: (status: number | undefined, waitMs = 0) => {
      instead = status
      afterMs = waitMs
    },
  }
}
