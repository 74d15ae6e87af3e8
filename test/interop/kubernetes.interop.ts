/** The manifests of deploy/kubernetes/: KUBERNETES_VALIDATE names kubernetes-validate, which brings its schemas, and KUBECTL kubectl. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { checkout, manifestFiles } from '../support/deployment.ts'
import { temporaryFolder } from '../support/serve.ts'

const { KUBERNETES_VALIDATE: validate, KUBECTL: kubectl } = process.env
const folder = join(checkout, 'deploy/kubernetes')
/** An older version has to take them, too. */
const versions = ['1.34', '1.37']

/** What is wrong with the resources in a text. A kind or a version that it does not know is only a warning to it, and no failure. */
function mistakesIn(t: Test, text: string, version = '1.37'): string[] {
  const file = join(temporaryFolder(t), 'manifests.yaml')
  writeFileSync(file, text)
  const words = ['--strict', '--kubernetes-version', version, file]
  const { stdout, stderr } = spawnSync(validate ?? '', words, { encoding: 'utf8' })
  const lines = (stdout + stderr).trim().split('\n')
  const passed = lines.filter(line => line.startsWith('INFO') && line.includes(' passed for resource '))
  const mistakes = lines.filter(line => !passed.includes(line))
  const resources = parseAllDocuments(text).length
  return passed.length === resources ? mistakes : [`${passed.length} of ${resources} passed`, ...mistakes]
}

const skip = {
  validate: validate ? false : 'There is no kubernetes-validate.',
  kubectl: kubectl ? false : 'There is no kubectl.',
}

test('the manifests are right', { skip: skip.validate }, async t => {
  for (const version of versions)
    for (const name of manifestFiles)
      t.strictSame(mistakesIn(t, readFileSync(join(folder, name), 'utf8'), version), [], `${name}, ${version}`)
})

test('what is mistyped is found', { skip: skip.validate }, async t => {
  const text = readFileSync(join(folder, 'postgres/signet.yaml'), 'utf8')
  const mistakes = [
    ['maxUnavailable: 0', 'maxUnavailble: 0'],
    ['kind: Deployment', 'kind: Deploment'],
    ['policy/v1', 'policy/v1beta1'],
    ['{ name: SIGNET_SHUTDOWN_DELAY, value: 10s }', '{ name: SIGNET_SHUTDOWN_DELAY, value: 10 }'],
  ] as const
  for (const [right, wrong] of mistakes) t.not(mistakesIn(t, text.replace(right, wrong)).length, 0, wrong)
})

function built(t: Test, name: string): string {
  const { status, stdout, stderr } = spawnSync(kubectl ?? '', ['kustomize', join(folder, name)], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  return stdout
}

test('Kustomize builds them, also with the keys in files', { skip: skip.kubectl }, async t => {
  t.equal(parseAllDocuments(built(t, 'postgres')).length, 5)
  const withFiles = built(t, 'postgres-keys-in-files')
  if (validate) t.strictSame(mistakesIn(t, withFiles), [])
  const deployment = withFiles.split(/^---$/m).find(text => text.includes('kind: Deployment')) ?? ''
  const { spec } = parse(deployment).spec.template
  const [container] = spec.containers
  t.match(spec.securityContext, { fsGroup: 3000, runAsUser: 1000, runAsNonRoot: true })
  t.match(
    spec.volumes.find(({ name }: { name: string }) => name === 'keys'),
    {
      persistentVolumeClaim: { claimName: 'signet-keys' },
    },
  )
  const values = container.env.filter(({ name }: { name: string }) => /_(STORE|GROUP)$/.test(name))
  t.strictSame(values, [
    { name: 'SIGNET_KEYS_STORE', value: 'files' },
    { name: 'SIGNET_TRUST_GROUP', value: 'true' },
  ])
})
