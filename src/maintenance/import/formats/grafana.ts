/** Grafana: rows of its table user, in which service accounts stand, too. */
import { type Format, PASSED_OVER } from './format.ts'
import { assertHasHash, flag, hashOfColumns, statusIf, text } from './members.ts'

export const grafana: Format = {
  toPerson(record, { usernameFrom }) {
    if (flag(record, 'is_service_account', false)) return PASSED_OVER
    assertHasHash(record, 'password')
    return {
      username: text(record, usernameFrom ?? 'login'),
      hash: hashOfColumns(record, 'password', 'salt'),
      roles: [],
      status: statusIf(!flag(record, 'is_disabled', false)),
      userId: undefined,
    }
  },
}
