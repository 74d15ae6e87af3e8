/** Grafana: rows of its table user, in which service accounts stand, too. */
import { type Format, PASSED_OVER } from './format.ts'
import { flag, hashOfColumns, statusIf, text } from './members.ts'

export const grafana: Format = {
  toPerson(record, { usernameFrom }) {
    if (flag(record, 'is_service_account', false)) return PASSED_OVER
    return {
      username: text(record, usernameFrom ?? 'login'),
      hash: hashOfColumns(record, 'password', 'salt'),
      roles: [],
      status: statusIf(!flag(record, 'is_disabled', false)),
      userId: undefined,
    }
  },
}
