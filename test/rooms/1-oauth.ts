import { filesIn, runRoom } from '../support/room.ts'

await runRoom([...filesIn('oauth'), ...filesIn('oauth/assertions')])
