/** The backend of the page: two forms, which are answered before anybody looks whether a name or an address is known. */
import { setTimeout } from 'node:timers/promises'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { createAccounts } from './accounts.ts'
import { allowPage, createFormLimit } from './callers.ts'
import type { Config } from './config.ts'
import { applyErrorShape, busy, pathOf } from './errors.ts'
import { readFields, readWho } from './fields.ts'
import { createMailbox, showMails } from './mail.ts'
import { createSignet, Unreachable } from './signet.ts'
import { createWork } from './work.ts'

/** While Signet can't be reached no mail is promised. */
const OUTAGE_SECONDS = 5

/** The same for everybody. */
const accepted = {
  message: 'If there is something to do, a mail is on its way. It has a link to set a password.',
}

/** Does things after the answer, and sees whether Signet is there. */
function createLater({ log }: FastifyInstance) {
  let outageUntil = 0
  const work = createWork(error => {
    if (error instanceof Unreachable) outageUntil = Date.now() + OUTAGE_SECONDS * 1000
    log.error({ reason: error instanceof Error ? error.message : String(error) }, 'no mail was sent')
  })
  return {
    /** @throws Refusal */
    later(job: () => Promise<void>): void {
      if (Date.now() < outageUntil || !work.add(job)) throw busy(OUTAGE_SECONDS)
    },
    idle: work.idle,
  }
}

/** What tests put in the place of time and of standard output. */
interface Sources {
  readonly wait?: (ms: number) => Promise<unknown>
  readonly logTo?: { readonly write: (line: string) => void }
}

export async function createApp(config: Config, { wait, logTo }: Sources = {}) {
  // The log names the path without the query, and never a person or a ticket.
  const serializers = { req: (request: FastifyRequest) => ({ method: request.method, path: pathOf(request) }) }
  const app: FastifyInstance = fastify({
    logger: { serializers, ...(logTo && { stream: logTo }) },
    bodyLimit: 4096,
  })
  applyErrorShape(app)
  allowPage(app, config.pages)

  const ending = new AbortController()
  app.addHook('onClose', async () => ending.abort())
  const waitHere = (ms: number) => {
    app.log.warn({ ms }, 'Signet puts a request off')
    return setTimeout(ms, undefined, { signal: ending.signal })
  }
  const signet = createSignet(config, { ending: ending.signal, wait: wait ?? waitHere })
  const mailbox = createMailbox()
  const accounts = createAccounts({ signet, send: mailbox.send, page: config.pages[0] })

  const { later, idle } = createLater(app)

  const preHandler = createFormLimit()
  app.post('/sign-up', { preHandler }, (request, reply) => {
    const person = readFields(request.body, { username: 'newName', email: 'address' })
    later(() => accounts.signUp(person))
    return reply.code(202).send(accepted)
  })
  app.post('/forgot-password', { preHandler }, (request, reply) => {
    const who = readWho(request.body)
    later(() => accounts.forgot(who))
    return reply.code(202).send(accepted)
  })
  showMails(app, mailbox.list)

  return { app, mails: mailbox.list, idle }
}
