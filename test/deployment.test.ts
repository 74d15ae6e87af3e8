/** compose.yaml, compose.postgres.yaml and the manifests for Kubernetes fit the program, the image and each other. What checks their form is in test/interop/. */
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { signet } from './support/command-line.ts'
import {
  type Container,
  caddyfile,
  compose,
  composeOfOne,
  dockerfile,
  environmentIn,
  keysInFiles,
  manifestFiles,
  manifestsIn,
  type Pod,
  podsIn,
} from './support/deployment.ts'
import { request, serve, temporaryFolder } from './support/serve.ts'

/** What the operator puts into secrets, under the names that the files give them. */
const secrets: Readonly<Record<string, string>> = {
  'database-url': 'postgres://signet:a-password@postgres/signet',
  'key-encryption-key': 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
}
const seconds = (text = '0s'): number => Number(/^(\d+)s$/.exec(text)?.[1])
/** As long as a shutdown takes at most, besides SIGNET_SHUTDOWN_DELAY. */
const SHUTDOWN_SECONDS = 30
const onlyContainer = ({ spec: { containers } }: Pod): Container => {
  const [container, ...more] = containers
  if (container === undefined || more.length > 0) throw new Error('Each pod has one container.')
  return container
}

/** What `signet config` makes of it, in the image: a name that there is not is a mistake, and so is a value. */
async function configOf(t: Test, environment: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const folder = temporaryFolder(t)
  const here = Object.entries(environment).map(([name, value]) => {
    if (!name.endsWith('_FILE')) return [name, value]
    const path = join(folder, basename(value))
    writeFileSync(path, `${secrets[basename(value)]}\n`)
    return [name, path]
  })
  const image = { NODE_ENV: 'production', SIGNET_HOST: '0.0.0.0', SIGNET_MANAGEMENT_HOST: '0.0.0.0' }
  const { code, stdout, stderr } = await signet({ ...image, ...Object.fromEntries(here) }, ['config', '--json'])
  t.equal(code, 0, stderr)
  return Object.fromEntries(JSON.parse(stdout).map(({ name, value }: Record<string, string>) => [name, value]))
}

const instances = Object.entries(compose.services).filter(([, { image }]) => image === 'signet')

/** What Compose makes of them, with what it takes from the environment of the operator. */
const environmentOf = (
  { environment }: (typeof compose.services)[string],
  site = 'login.example.com',
): Record<string, string> => {
  const filledIn = (value: string) =>
    value.replace(/\$\{SITE:(.)([^}]*)\}/g, (_, operator, word) =>
      operator === '+' ? (site === '' ? '' : word) : site || word,
    )
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(value)]))
}

t.test('Compose: Signet takes the environment of each service, and has the time to end', async t => {
  t.strictSame(instances.map(([name]) => name).sort(), ['migrate', 'signet-1', 'signet-2'])
  for (const [name, service] of instances) {
    const config = await configOf(t, environmentOf(service))
    const delay = seconds(config['SIGNET_SHUTDOWN_DELAY'])
    t.equal(seconds(service.stop_grace_period), delay + SHUTDOWN_SECONDS, name)
    const named = Object.entries(service.environment).filter(([name]) => name.endsWith('_FILE'))
    t.strictSame(
      named.map(([, path]) => path).sort(),
      (service.secrets ?? []).map(secret => `/run/secrets/${secret}`).sort(),
      `${name} reads what it is given`,
    )
  }
})

t.test('Compose with SQLite: Signet takes the environment, and the image fits', async t => {
  const { signet, ...more } = composeOfOne.services
  if (signet === undefined) throw new Error('There is no Signet.')
  t.strictSame(more, {})
  const config = await configOf(t, environmentOf(signet))
  t.equal(config['SIGNET_ISSUER'], 'https://login.example.com')
  const onLaptop = await configOf(t, environmentOf(signet, ''))
  t.equal(onLaptop['SIGNET_ISSUER'], 'http://localhost:3000', 'without a domain')
  t.equal(seconds(signet.stop_grace_period), seconds(config['SIGNET_SHUTDOWN_DELAY']) + SHUTDOWN_SECONDS)
  const ports = [config['SIGNET_PORT'], config['SIGNET_MANAGEMENT_PORT']]
  t.strictSame(
    signet.ports,
    ports.map(port => `127.0.0.1:${port}:${port}`),
    'only this machine reaches them',
  )
  const [, volumes = '[]'] = /^VOLUME (.*)$/m.exec(dockerfile) ?? []
  t.strictSame(
    signet.volumes?.map(volume => volume.split(':')[1]),
    JSON.parse(volumes),
  )
  const [{ gateway }] = composeOfOne.networks.default.ipam.config
  t.equal(config['SIGNET_TRUST_PROXY'], gateway)
})

t.test('Compose: Caddy asks the public port of each instance, and is the one whose word is taken', async t => {
  const { caddy, 'signet-1': first } = compose.services
  t.equal(caddy?.environment['INSTANCES'], 'signet-1:3000 signet-2:3000')
  t.equal(caddy?.networks.callers.ipv4_address, first?.environment['SIGNET_TRUST_PROXY'])
  const named = [...caddyfile.matchAll(/\{\$(\w+)\}/g)].map(([, name = '']) => name)
  t.strictSame([...new Set(named)].sort(), Object.keys(caddy?.environment ?? {}).sort())
})

t.test('Caddy asks at a path that there is, and gives up idle connections before Signet does', async t => {
  const service = await serve(t)
  const [, path = ''] = /health_uri (\S+)/.exec(caddyfile) ?? []
  t.equal((await service.get(path)).status, 200)
  const [, kept = ''] = /keepalive (\S+)/.exec(caddyfile) ?? []
  t.ok(seconds(kept) < service.config.keepAliveSeconds, kept)
})

for (const file of manifestFiles)
  t.test(`Kubernetes, ${file}: Signet takes the environment, and the image fits`, async t => {
    const [pod, ...more] = podsIn(file)
    if (pod === undefined) throw new Error(`There is no pod in ${file}.`)
    t.strictSame(more, [])
    const container = onlyContainer(pod)
    const environment = environmentIn(container)
    const config = await configOf(t, environment)
    t.match(dockerfile, new RegExp(`^USER ${pod.spec.securityContext.runAsUser}:`, 'm'))
    const secretsAt = container.volumeMounts.find(({ name }) => name === 'secrets')?.mountPath
    for (const [name, value] of Object.entries(environment))
      if (name.endsWith('_FILE')) t.equal(value, `${secretsAt}/${basename(value)}`)
    if (container.command !== undefined) return
    t.equal(
      pod.spec.terminationGracePeriodSeconds,
      seconds(config['SIGNET_SHUTDOWN_DELAY']) + SHUTDOWN_SECONDS,
      'it has the time to end',
    )
    const ports = Object.fromEntries((container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]))
    t.strictSame(ports, {
      public: Number(config['SIGNET_PORT']),
      management: Number(config['SIGNET_MANAGEMENT_PORT']),
    })
  })

t.test('Kubernetes: the probes ask at paths that there are', async t => {
  const service = await serve(t)
  const at: Readonly<Record<string, string>> = { public: service.issuer, management: service.management }
  for (const container of manifestFiles.flatMap(podsIn).map(onlyContainer)) {
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    t.equal(probes.filter(probe => probe !== undefined).length, container.command === undefined ? 3 : 0)
    for (const probe of probes) {
      if (probe === undefined) continue
      const { path, port } = probe.httpGet
      t.equal((await request(`${at[port]}${path}`)).status, 200, `${port} ${path}`)
    }
    // What ends an instance because of its database ends all of them at once.
    const ending = [container.startupProbe, container.livenessProbe].flatMap(probe => probe?.httpGet.path ?? [])
    t.notOk(ending.includes('/readyz'))
  }
})

type Labels = Readonly<Record<string, string>>
const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)

t.test('Kubernetes: what selects instances selects them, and not the job that migrates', async t => {
  const [job] = podsIn('postgres/migrate.yaml')
  for (const file of ['postgres/signet.yaml', 'sqlite.yaml']) {
    const [{ metadata } = { metadata: { labels: {} } }] = podsIn(file)
    for (const {
      kind,
      metadata: { name },
      spec,
    } of manifestsIn(file)) {
      const selector = spec.podSelector?.matchLabels ?? spec.selector?.matchLabels ?? spec.selector
      t.ok(selects(selector, metadata.labels), `${file}, ${kind} ${name}: the instances`)
      if (file === 'sqlite.yaml') continue
      t.equal(selects(selector, job?.metadata.labels ?? {}), kind === 'NetworkPolicy', `${kind} ${name}: the job`)
    }
  }
})

t.test('Kubernetes: a service and a policy name ports that the container has', async t => {
  for (const file of ['postgres/signet.yaml', 'sqlite.yaml']) {
    const ports = podsIn(file).flatMap(pod => onlyContainer(pod).ports?.map(({ name }) => name) ?? [])
    const named = manifestsIn(file).flatMap(({ kind, spec }) => {
      if (kind === 'Service') return spec.ports.map(({ targetPort }: { targetPort: string }) => targetPort)
      if (kind !== 'NetworkPolicy') return []
      return spec.ingress.flatMap(({ ports }: { ports: { port: string }[] }) => ports.map(({ port }) => port))
    })
    t.strictSame([...new Set(named)].sort(), ports.toSorted(), file)
  }
})

t.test('Kubernetes: Signet takes what the keys in files change', async t => {
  const [pod] = podsIn('postgres/signet.yaml')
  if (pod === undefined) throw new Error('There is no pod.')
  const changed = environmentIn(onlyContainer(keysInFiles.spec.template))
  const config = await configOf(t, { ...environmentIn(onlyContainer(pod)), ...changed })
  t.match(config, changed)
  const [{ mountPath } = { mountPath: '' }] = onlyContainer(keysInFiles.spec.template).volumeMounts
  t.equal(mountPath, `/data/${config['SIGNET_KEYS_DIR']}`)
})
