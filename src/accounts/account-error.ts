/** Why an act on users, roles or clients was refused; the message is for whoever asked. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly code: 'already_exists' | 'not_found' | 'invalid' | 'wrong_password'

  constructor(code: AccountError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export const notFound = (what: string): AccountError => new AccountError('not_found', `There is no such ${what}.`)

/** Throws `invalid` when there is a problem to tell. */
export function assertNoProblem(problem: string | undefined): void {
  if (problem !== undefined) throw new AccountError('invalid', problem)
}
