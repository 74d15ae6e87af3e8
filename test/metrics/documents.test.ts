/** What is written about the metrics, and made of them, is about those that a service has. */
import { readFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { scrape } from '../support/metrics.ts'
import { panels, queries, rules, testsOfRules } from '../support/monitoring.ts'
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

/** Declared, even where nothing has happened that it tells of. */
const served = async (t: Test): Promise<string[]> =>
  [...(await scrape(await serve(t))).matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)

test('the table in docs/running.md has every metric of a service, and no other', async t => {
  const names = await served(t)
  t.ok(names.length > 20)
  t.same([...namesIn(documented())].toSorted(), names.toSorted())
})

test('the dashboard shows every metric of a service, and no other', async t => {
  t.same([...namesIn(queries().join())].toSorted(), (await served(t)).toSorted())
  const titles = panels.map(({ title }) => title)
  t.equal(new Set(titles).size, titles.length, 'no two panels are called the same')
})

test('the alert rules are about metrics of a service, each is tested, and leads to a page that there is', async t => {
  const names = namesIn(rules())
  t.ok(names.size > 15)
  const known = new Set(await served(t))
  t.same(
    [...names].filter(name => !known.has(name)),
    [],
  )
  const alerts = rules().split('- alert: ').slice(1)
  for (const alert of alerts) {
    const [, page = '', anchor] = /^ +runbook: ([^#\n]+)(?:#(\S+))?$/m.exec(alert) ?? []
    const [name = ''] = alert.split('\n')
    t.match(readFileSync(testsOfRules, 'utf8'), `alertname="${name}"`, 'it has a test')
    const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(' ', '-')
        .replace(/[^a-z-]/g, ''),
    )
    t.ok(anchor === undefined || headings.includes(anchor), `${name}: ${page}#${anchor}`)
    t.match(alert, /^ +description: '.{40,}'$/m, `${name} says what to do`)
  }
})
