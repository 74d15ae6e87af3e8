/** compose.yaml, compose.postgres.yaml and the manifests of deploy/kubernetes/, as far as tests look into them. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'

export const checkout = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(`${checkout}/${path}`, 'utf8')

export const dockerfile = read('Dockerfile')
export const caddyfile = read('deploy/Caddyfile')

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface EnvironmentVariable {
  readonly name: string
  readonly value: string
}

export interface Container {
  readonly image: string
  readonly command?: readonly string[]
  readonly env: readonly EnvironmentVariable[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

type Labels = Readonly<Record<string, string>>

export interface Pod {
  readonly metadata: { readonly labels: Labels }
  readonly spec: {
    readonly terminationGracePeriodSeconds?: number
    readonly securityContext: { readonly runAsUser: number }
    readonly containers: readonly Container[]
  }
}

export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  // biome-ignore lint/suspicious/noExplicitAny: each kind has another one
  readonly spec: any
}

export const manifestFiles = ['postgres/signet.yaml', 'postgres/migrate.yaml', 'sqlite.yaml'] as const

/** YAML 1.1, as Kubernetes reads it: there, a bare `yes` is no text. */
export const manifestsIn = (file: string): readonly Manifest[] =>
  parseAllDocuments(read(`deploy/kubernetes/${file}`), { version: '1.1' }).map(document => document.toJS())

/** The patch that puts the keys into files. */
export const keysInFiles: Manifest = parse(read('deploy/kubernetes/postgres-keys-in-files/files.yaml'))

interface ComposeService {
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  readonly stop_grace_period: string
  readonly secrets?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: a list of names, or what is said of each
  readonly networks: any
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  // biome-ignore lint/suspicious/noExplicitAny: of one file only what a test asks
  readonly networks: any
}

const composeIn = (file: string): Compose => parse(read(file), { merge: true })

export const compose = composeIn('compose.postgres.yaml')
export const composeOfOne = composeIn('compose.yaml')

/** The pods that a file makes. */
export const podsIn = (file: string): readonly Pod[] =>
  manifestsIn(file).flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template]))

export const environmentIn = ({ env }: Pick<Container, 'env'>): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]))
