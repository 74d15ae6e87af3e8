/** deploy/systemd/signet.service, as systemd reads it: SYSTEMD_ANALYZE names systemd-analyze. Nothing is started. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { checkout } from '../support/deployment.ts'
import { temporaryFolder } from '../support/serve.ts'

/** It looks whether what is started is there. */
const unit = readFileSync(join(checkout, 'deploy/systemd/signet.service'), 'utf8').replaceAll('/opt/signet', checkout)

function analyze(t: Test, words: readonly string[], text = unit) {
  const file = join(temporaryFolder(t), 'signet.service')
  writeFileSync(file, text)
  return spawnSync(process.env['SYSTEMD_ANALYZE'] ?? 'systemd-analyze', [...words, file], { encoding: 'utf8' })
}

test('systemd takes the unit without a word', async t => {
  const { status, stdout, stderr } = analyze(t, ['verify'])
  t.strictSame([status, stdout, stderr], [0, '', ''])
})

test('what is mistyped is found', async t => {
  const mistakes = [
    ['PrivateTmp=yes', 'PrivateTpm=yes'],
    ['ProtectSystem=strict', 'ProtectSystem=strictly'],
    ['TimeoutStopSec=30s', 'TimeoutStopSec=30 sek'],
    ['@privileged', '@privileges'],
    ['/node ', '/nod '],
  ] as const
  for (const [right, wrong] of mistakes) t.not(analyze(t, ['verify'], unit.replace(right, wrong)).stderr, '', wrong)
})

test('its exposure is small: 1.3 on a scale from 0 to 10', async t => {
  const judge = (text = unit) => analyze(t, ['security', '--offline=true', '--threshold=15', '--no-pager'], text)
  const { status, stdout } = judge()
  t.equal(status, 0, stdout)
  t.not(judge(unit.replace(/^SystemCallFilter=.*$/gm, '')).status, 0, 'without the filter of system calls')
})
