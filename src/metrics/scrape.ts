/**
 * What somebody gets who looks. The database is asked then, for one thing after the other, so that a look takes one connection at a
 * time; what it does not answer in time is left out, and the rest is told all the same.
 */
import { Counter, type Gauge, type Registry } from 'prom-client'

/** Nobody waits longer for all of it: those who scrape give up after ten seconds, and more come after them. */
const LONGEST_MS = 1000

export interface Sample {
  readonly gauge: Gauge
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** Something that must be asked for. */
export interface Source {
  readonly name: string
  /** All that it may answer: what it doesn't is left out. */
  readonly gauges: readonly Gauge[]
  read(): Promise<readonly Sample[]>
}

export interface Scrape {
  readonly contentType: string
  /** Everything in Prometheus' text format. Who asks meanwhile gets the same. */
  render(): Promise<string>
}

/** The one second that all sources have together. */
function createDeadline() {
  const { promise: late, reject } = Promise.withResolvers<never>()
  late.catch(() => {})
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    reject(new Error('It took too long.'))
  }, LONGEST_MS)
  return {
    isOver: () => isOver,
    within: <T>(work: Promise<T>): Promise<T> => Promise.race([work, late]),
    cancel: () => clearTimeout(timer),
  }
}

type Deadline = ReturnType<typeof createDeadline>

export function createScrape(register: Registry, sources: readonly Source[]): Scrape {
  const errors = new Counter({
    name: 'signet_scrape_errors_total',
    help: 'Scrapes that lack what this source tells, because it failed or took too long.',
    labelNames: ['source'],
    registers: [register],
  })
  for (const { name } of sources) errors.inc({ source: name }, 0)
  /** Those that have not answered yet: one that hangs is not asked again. */
  const hanging = new Set<Source>()

  async function ask(source: Source, { isOver, within }: Deadline): Promise<readonly Sample[]> {
    if (isOver() || hanging.has(source)) throw new Error('There is no time for it.')
    hanging.add(source)
    return within(source.read().finally(() => hanging.delete(source)))
  }

  /** What an earlier scrape told must not look like news. */
  async function update(source: Source, deadline: Deadline): Promise<void> {
    const samples = await ask(source, deadline).catch(() => {
      errors.inc({ source: source.name })
      return []
    })
    for (const gauge of source.gauges) {
      gauge.reset()
      // One without labels is 0 after that.
      gauge.remove({})
    }
    for (const { gauge, labels = {}, value } of samples) gauge.set(labels, value)
  }

  async function renderOnce(): Promise<string> {
    const deadline = createDeadline()
    for (const source of sources) await update(source, deadline)
    deadline.cancel()
    return register.metrics()
  }

  let rendering: Promise<string> | undefined
  return {
    contentType: register.contentType,
    render() {
      rendering ??= renderOnce().finally(() => {
        rendering = undefined
      })
      return rendering
    },
  }
}
