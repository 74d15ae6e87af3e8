/** Gitea and Forgejo: rows of their table user, in which organizations stand, too. */
import { type Format, PASSED_OVER } from './format.ts'
import { assertHasHash, flag, hashOfColumns, optionalNumber, statusIf, text } from './members.ts'

/** Organizations, reserved names, bots and users of other servers have other types. */
const INDIVIDUAL = '0'

export const gitea: Format = {
  toPerson(record, { usernameFrom }) {
    if ((optionalNumber(record, 'type') ?? INDIVIDUAL) !== INDIVIDUAL) return PASSED_OVER
    assertHasHash(record, 'passwd')
    return {
      username: text(record, usernameFrom ?? 'name'),
      hash: hashOfColumns(record, 'passwd', 'salt', 'passwd_hash_algo'),
      roles: [],
      status: statusIf(flag(record, 'is_active', true) && !flag(record, 'prohibit_login', false)),
      userId: undefined,
    }
  },
}
