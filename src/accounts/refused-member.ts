import { AccountError } from './rules.ts'

/** What is refused because of a member of the input, in which whoever asked named something: as a form would show it. */
export const refusedMember = (field: string, { message }: AccountError): AccountError =>
  new AccountError('invalid', message, { problems: [{ field, message }] })
