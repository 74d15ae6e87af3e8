/** Folders with little in them, which are not worth a process each, and what is about several and so lies in test/ itself. */
import { filesIn, runRoom } from '../support/room.ts'

await runRoom([
  ...filesIn(''),
  ...filesIn('config'),
  ...filesIn('examples'),
  ...filesIn('maintenance'),
  ...filesIn('metrics'),
  ...filesIn('outgoing'),
  ...filesIn('passwords'),
])
