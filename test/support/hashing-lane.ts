/** A hashing lane whose works end when a test says so. */
import { createHashingLane } from '../../src/passwords/hashing-lane.ts'

interface Entry {
  readonly cost?: number
  /** How many of its turn may wait. */
  readonly most?: number
}

/** A lane whose works end when the test says so, with the order in which they began. A name begins with that of its turn. */
export function createLaneScene(options: { concurrency: number; limit: number }) {
  const time = { ms: 0 }
  const lane = createHashingLane({ ...options, elapsedMs: () => time.ms })
  const began: string[] = []
  const running = new Map<string, PromiseWithResolvers<string>>()

  function enter(name: string, { cost = 1, most = 10 }: Entry = {}): Promise<string> {
    const answer = lane.run({ key: name.slice(0, 1), most }, cost, () => {
      const work = Promise.withResolvers<string>()
      began.push(name)
      running.set(name, work)
      return work.promise
    })
    // The test looks at the answer when it is ready to; until then a refusal is not an unhandled one.
    answer.catch(() => undefined)
    return answer
  }

  async function end(name: string): Promise<void> {
    running.get(name)?.resolve(name)
    running.delete(name)
    await settle()
  }

  /** Ends whatever runs until nothing does, and tells the order in which everything began. */
  async function drain(): Promise<string[]> {
    for (let name = firstOf(running); name !== undefined; name = firstOf(running)) await end(name)
    return began
  }

  return { lane, time, began, running, enter, end, drain }
}

function firstOf(running: Map<string, unknown>): string | undefined {
  return running.keys().next().value
}

/** Lets the promises that are settled run their course: far more turns than a hand-over takes. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await null
}
