/**
 * Who signs up, and who has forgotten a password. People are Signet's; their mail addresses are this application's, and Signet does
 * not know them. No password comes here: whoever has the mail sets it, on the page, at Signet.
 */
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Mail } from './mail.ts'
import type { Signet } from './signet.ts'

/** Nobody's mailbox is to be filled from here. */
const MAILS_AN_HOUR = 5

interface Person {
  readonly userId: string
  /** As it was chosen. Signet may rename people, so they are never looked for by it. */
  readonly username: string
  readonly email: string
}

/** Capital letters make no other mailbox, wherever mail is really delivered. */
const keyOf = (email: string): string => email.toLowerCase()

/** In memory; an application has it in its database, by the user id, which is the `sub` of the tokens. */
function createAddressBook() {
  const byId = new Map<string, Person>()
  const byEmail = new Map<string, Person>()
  return {
    add(person: Person): void {
      byId.set(person.userId, person)
      byEmail.set(keyOf(person.email), person)
    },
    findById: (userId: string) => byId.get(userId),
    findByEmail: (email: string) => byEmail.get(keyOf(email)),
  }
}

export function createAccounts(dependencies: {
  readonly signet: Signet
  readonly send: (mail: Mail) => Promise<void>
  /** The origin of the page. */
  readonly page: string
}) {
  const { signet, send, page } = dependencies
  const book = createAddressBook()
  const mails = new RateLimiterMemory({ points: MAILS_AN_HOUR, duration: 3600 })

  const mayGetMail = (email: string): Promise<boolean> =>
    mails.consume(keyOf(email)).then(
      () => true,
      () => false,
    )

  /** The ticket is in the fragment, which no browser sends to a server. The name is for whatever keeps the passwords in the browser. */
  async function sendLink({ userId, username, email }: Person, subject: string, why: string): Promise<void> {
    const { ticket, expires } = await signet.passwordTicket(userId)
    const link = `${page}/#${new URLSearchParams({ ticket, username })}`
    const paragraphs = [
      why,
      `Open this to set the password of ${username}:\n${link}`,
      `It works once, until ${expires.toUTCString()}. If you have not asked for it, do nothing.`,
    ]
    const text = paragraphs.join('\n\n')
    await send({ to: email, subject, text })
  }

  return {
    async signUp({ username, email }: { readonly username: string; readonly email: string }): Promise<void> {
      if (!(await mayGetMail(email))) return
      const known = book.findByEmail(email)
      if (known !== undefined)
        return sendLink(
          known,
          'You have an account',
          `Somebody wants to sign up with this address, which has an account.`,
        )
      const userId = await signet.addUser(username)
      // Only who reads this mailbox learns that the name is known.
      if (userId === undefined)
        return send({
          to: email,
          subject: 'Please choose another user name',
          text: `The user name ${username} can't be had. Sign up with another one:\n${page}/#sign-up`,
        })
      const person = { userId, username, email }
      book.add(person)
      await sendLink(person, 'Welcome', 'This address was given at a sign-up.')
    },

    async forgot(who: { readonly username: string } | { readonly email: string }): Promise<void> {
      const person =
        'email' in who ? book.findByEmail(who.email) : book.findById((await signet.findUser(who.username)) ?? '')
      if (person === undefined || !(await mayGetMail(person.email))) return
      await sendLink(person, 'A new password', 'Somebody has forgotten the password of an account with this address.')
    },
  }
}
