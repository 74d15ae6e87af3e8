/** In the place of a mail server: it keeps the mails, and shows them to whoever is at this machine. They have tickets in them. */
import type { FastifyInstance, FastifyRequest } from 'fastify'

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** An example must not fill the memory of whoever leaves it running. */
const MOST_MAILS = 100

export function createMailbox() {
  const mails: (Mail & { readonly sent_at: string })[] = []
  return {
    send: async (mail: Mail): Promise<void> => {
      mails.push({ ...mail, sent_at: new Date().toISOString() })
      if (mails.length > MOST_MAILS) mails.shift()
    },
    /** The newest first. */
    list: () => mails.toReversed(),
  }
}

/**
 * Whether somebody at this machine asked, and under a name that only this machine has. A proxy asks for others, and the script of a
 * page for its author, also when the name of the page has been made to lead here (DNS rebinding).
 */
const isFromHere = ({ socket, headers, hostname }: FastifyRequest): boolean =>
  ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(socket.remoteAddress ?? '') &&
  ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) &&
  !['origin', 'forwarded', 'x-forwarded-for', 'via'].some(name => name in headers)

const escaped = (text: string): string => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)

const withLinks = (html: string): string => html.replace(/^https?:\S+$/gm, '<a href="$&">$&</a>')

const pageOf = (mails: readonly Mail[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Mails</title>
<h1>Mails, the newest first</h1>
${mails.map(({ to, subject, text }) => `<h2>${escaped(subject)}</h2>\n<p>To ${escaped(to)}</p>\n<pre>${withLinks(escaped(text))}</pre>`).join('\n')}
`

/** `GET /mails`, for a browser as a page in which the links can be followed. */
export function showMails(app: FastifyInstance, list: () => readonly Mail[]): void {
  app.get('/mails', (request, reply) => {
    if (!isFromHere(request)) return reply.callNotFound()
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    const isBrowser = request.headers.accept?.includes('text/html')
    return isBrowser ? reply.type('text/html; charset=utf-8').send(pageOf(list())) : list()
  })
}
