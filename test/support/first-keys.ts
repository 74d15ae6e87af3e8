import type { Faults } from '../../src/compose/sources.ts'
import type { Write } from '../../src/records/unit-of-work.ts'

/** At a first start, what stands between the files of the first keys and the write in which their rows are stored. */
export function atKeys(wrap: (write: Write) => Write): Faults {
  let arePrepared = false
  return {
    privateKeys: files => ({
      ...files,
      async prepare(...values) {
        await files.prepare(...values)
        arePrepared = true
      },
    }),
    write: write => work => (arePrepared ? wrap(write)(work) : write(work)),
  }
}
