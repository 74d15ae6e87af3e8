/** What is about more than one room, and so lies in test/ itself. */
import { filesIn, runRoom } from '../support/room.ts'

await runRoom(filesIn(''))
