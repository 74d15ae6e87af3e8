/** Which names stand in a file more than once, in little memory: eight bytes a name. */
import { createHash } from 'node:crypto'

const digestOf = (name: string): bigint => createHash('sha256').update(name).digest().readBigUInt64BE()

export interface NameTally {
  add(name: string): void
  /** Asked when all names were added. */
  isRepeated(name: string): boolean
}

export function createNameTally(): NameTally {
  let digests = new BigUint64Array(1024)
  let count = 0
  let repeated: ReadonlySet<bigint> | undefined

  function findRepeated(): ReadonlySet<bigint> {
    const sorted = digests.subarray(0, count).sort()
    const found = new Set<bigint>()
    sorted.forEach((digest, index) => {
      if (index > 0 && digest === sorted[index - 1]) found.add(digest)
    })
    return found
  }

  return {
    add(name) {
      if (count === digests.length) {
        const larger = new BigUint64Array(2 * count)
        larger.set(digests)
        digests = larger
      }
      digests[count] = digestOf(name)
      count += 1
    },
    isRepeated(name) {
      repeated ??= findRepeated()
      return repeated.has(digestOf(name))
    },
  }
}
