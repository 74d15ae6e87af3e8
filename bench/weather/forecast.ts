/** One weather after the other, in an order that comes from the seed; after each it is measured how soon every instance works again. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Exchange, Journal } from './journal.ts'
import type { Lateness } from './lateness.ts'
import { RECOVERY_MS, type Sky } from './sky.ts'
import { type Weather, type World, weathers } from './weathers.ts'

export interface Recovery {
  readonly weather: string
  readonly instance: string
  /** From the server being back to the first refresh that is good. */
  readonly ms: number
}

interface Options extends Watching {
  readonly world: World
  readonly sky: Sky
  readonly random: () => number
  readonly untilMs: number
  say(line: string): void
}

/** Who sees when instances work again. */
interface Watching {
  readonly instances: readonly { readonly name: string }[]
  readonly journal: Journal
  readonly lateness: Lateness
}

/** Between two, long enough to be judged as fair. */
const FAIR_MS = 2200
const LONGEST_RECOVERY_MS = 15_000

/** Waits until every instance works again, or should have. */
export async function recoveriesOf(
  { instances, journal, lateness }: Watching,
  weather: string,
  backAt: number,
): Promise<readonly Recovery[]> {
  const good = new Map<string, number>()
  const stop = journal.onExchange(({ kind, status, instance = '', answeredAt }: Exchange) => {
    if (kind === 'refresh' && status === 200 && !good.has(instance)) good.set(instance, answeredAt)
  })
  const isMissing = () => instances.some(({ name }) => !good.has(name))
  while (isMissing() && performance.now() < backAt + LONGEST_RECOVERY_MS) await delay(20)
  stop()
  return instances.map(({ name }) => {
    const ms = (good.get(name) ?? Number.POSITIVE_INFINITY) - backAt
    if (ms > RECOVERY_MS + lateness.granted(name, backAt, performance.now()))
      journal.violate('a service works again within a second', `${name} took ${ms.toFixed(0)} ms after ${weather}`)
    return { weather, instance: name, ms }
  })
}

export async function runForecast(options: Options): Promise<readonly Recovery[]> {
  const { world, sky, journal, random, say } = options
  const recoveries: Recovery[] = []

  function assertTold({ name, isTold }: Weather): void {
    for (const instance of world.instances)
      if (isTold && world.balancer.isReady(instance.name))
        journal.violate('/readyz tells that nothing works', `${instance.name} is ready, though ${name}`)
  }

  async function pass(weather: Weather): Promise<void> {
    say(weather.name)
    const spell = sky.begin(weather.name, weather.harm)
    let backAt = performance.now()
    await weather.run(world, () => {
      assertTold(weather)
      backAt = performance.now()
      if (weather.harm === 'answers') sky.end(spell)
    })
    if (weather.harm !== 'database') return sky.end(spell, weather.harm === 'answers' ? backAt : undefined)
    await world.database.back()
    backAt = performance.now()
    sky.end(spell, backAt)
    recoveries.push(...(await recoveriesOf(options, weather.name, backAt)))
  }

  const shuffled = () =>
    weathers
      .map(weather => ({ weather, at: random() }))
      .sort((one, other) => one.at - other.at)
      .map(({ weather }) => weather)

  // Each comes once, however long that takes.
  for (let round = 0; round === 0 || performance.now() < options.untilMs; round += 1) {
    for (const weather of shuffled()) {
      await delay(FAIR_MS + (world.isShort ? 0 : 3000 * random()))
      if (round > 0 && performance.now() > options.untilMs) break
      await pass(weather)
    }
  }
  return recoveries
}
