/** The Dockerfile, as hadolint reads it: HADOLINT names it. */
import { spawnSync } from 'node:child_process'
import { test } from 'tap'
import { dockerfile } from '../support/deployment.ts'

/** In the form that OCI's annotations prescribe. */
const labels = ['title:text', 'description:text', 'licenses:spdx'].flatMap(label => [
  '--require-label',
  `org.opencontainers.image.${label}`,
])
const lint = (text: string) =>
  spawnSync(process.env['HADOLINT'] ?? 'hadolint', ['--no-color', ...labels, '-'], { input: text, encoding: 'utf8' })

test('it has no mistake and nothing that is warned of', async t => {
  const { status, stdout, stderr } = lint(dockerfile)
  t.strictSame([status, stdout, stderr], [0, '', ''])
})

test('what is mistyped is found', async t => {
  const mistakes = [
    ['EXPOSE 3000', 'EXPOZE 3000'],
    ['WORKDIR /data', 'WORKDIR data'],
    ['--from=dependencies', '--from=dependants'],
    ['="Apache-2.0"', '="Apache 2"'],
    ['USER 1000:1000', 'USER root'],
  ] as const
  for (const [right, wrong] of mistakes) t.not(lint(dockerfile.replace(right, wrong)).status, 0, wrong)
})
