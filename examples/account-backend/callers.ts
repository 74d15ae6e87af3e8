/** Who may send a form, and how often. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Refusal } from './errors.ts'

const FORMS_A_MINUTE = 10

/** Of web pages only ours: others could send forms from the addresses of their visitors. What is no browser names no origin. */
export function allowPage(app: FastifyInstance, pages: readonly string[]): void {
  app.addHook('onRequest', async ({ headers: { origin } }, reply) => {
    reply.header('vary', 'Origin')
    if (origin === undefined) return
    if (!pages.includes(origin))
      throw new Refusal({ status: 403, error: 'origin_not_allowed' }, "Pages of this origin can't use this service.")
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': 'Retry-After' })
  })

  app.options('/*', (_request, reply) =>
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'Content-Type',
        'access-control-max-age': '600',
      })
      .send(),
  )
}

/** By the address of the connection. */
export function createFormLimit() {
  const forms = new RateLimiterMemory({ points: FORMS_A_MINUTE, duration: 60 })
  return async ({ ip }: FastifyRequest): Promise<void> => {
    await forms.consume(ip).catch(over => {
      if (!(over instanceof RateLimiterRes)) throw over
      const retryAfterSeconds = Math.ceil(over.msBeforeNext / 1000)
      throw new Refusal(
        { status: 429, error: 'too_many_requests', retryAfterSeconds },
        'Too many forms came from this address. Try again after the time in Retry-After.',
      )
    })
  }
}
