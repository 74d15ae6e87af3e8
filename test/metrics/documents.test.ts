/** What is written about the metrics, and made of them, is about those that a service has. */
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { scrape } from '../support/metrics.ts'
import { serve } from '../support/serve.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** Of histograms, the name without what a series of theirs adds. */
const namesIn = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/\b(?:signet|process|nodejs)_[a-z0-9_]+\b/g)].map(([name]) =>
      name.replace(/(_seconds)_(bucket|sum|count)$/, '$1'),
    ),
  )

/** The table of the metrics in running.md, with the names that it shortens written out. */
function documented(): string {
  const [, section = ''] = read('docs/running.md').split('\n## Metrics\n')
  const [table = ''] = section.split('\n## ')
  return table.replace(/`…_(\w+)_…`/g, 'nodejs_eventloop_lag_$1_seconds')
}

test('the table in docs/running.md has every metric of a service, and no other', async t => {
  const served = [...(await scrape(await serve(t))).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name)
  t.ok(served.length > 20)
  t.same([...namesIn(documented())].toSorted(), served.toSorted())
})
