/** In a room, what a test file gets as `tap`. */
import { testOfFile } from './room.ts'

const t = testOfFile()

export const test = t.test.bind(t)
// biome-ignore lint/style/noDefaultExport: as tap does it
export default t
