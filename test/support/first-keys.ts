import type { Write } from '../../src/records/unit-of-work.ts'

/** The first write of a first start says which database this is; those after it, where the keys are stored, go through `wrapped`. */
export function atKeys(write: Write, wrapped: Write): Write {
  let isNamed = false
  return work => {
    if (isNamed) return wrapped(work)
    isNamed = true
    return write(work)
  }
}
