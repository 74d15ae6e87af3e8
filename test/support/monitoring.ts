/** The alert rules and the dashboard of docs/, as far as tests look into them. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export const rulesFile = pathOf('docs/alerts/signet.rules.yaml')
export const testsOfRules = pathOf('docs/alerts/signet.rules.test.yaml')
export const rules = (): string => readFileSync(rulesFile, 'utf8')

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

const dashboard = JSON.parse(readFileSync(pathOf('docs/grafana/signet.json'), 'utf8'))

export const panels: readonly Panel[] = dashboard.panels

/** The queries of the dashboard as Prometheus gets them, with Grafana's variables filled in. */
export const queries = (): readonly string[] =>
  panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replace(/\$(job|instance)/g, '.*')),
  )
