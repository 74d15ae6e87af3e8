/** What a service tells Prometheus. */
import { request, type Service } from './serve.ts'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** @param text in Prometheus' text format @throws when a line is neither a comment nor a sample */
export const samplesIn = (text: string): readonly Sample[] =>
  text.split('\n').flatMap(line => {
    if (line === '' || line.startsWith('#')) return []
    const [, name = '', within = '', value] = /^([a-z][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (value === undefined || Number.isNaN(Number(value))) throw new Error(`This is no sample: ${line}`)
    const labels = [...within.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text = '']) => [label, text])
    return [{ name, labels: Object.fromEntries(labels), value: Number(value) }]
  })

/** The sum of the samples with this name that have these labels; undefined when there is none. */
export function valueIn(text: string, name: string, labels: Sample['labels'] = {}): number | undefined {
  const found = samplesIn(text).filter(
    sample => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
}

export async function scrape({ management }: Service): Promise<string> {
  const { status, text } = await request(`${management}/metrics`)
  if (status !== 200) throw new Error(`/metrics answers ${status}: ${text}`)
  return text
}

/** As `valueIn`, of a service as it is now. */
export const metricOf = async (
  service: Service,
  name: string,
  labels?: Sample['labels'],
): Promise<number | undefined> => valueIn(await scrape(service), name, labels)
