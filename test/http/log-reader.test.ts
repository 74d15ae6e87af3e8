/** Whoever reads the log may stop: the service goes on, and ends when it is told to. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { createLogOutput } from '../../src/log-output.ts'
import { spawnService } from '../support/process.ts'
import { request, temporaryFolder } from '../support/serve.ts'

test('a service whose log nobody reads serves, and ends with SIGTERM', async t => {
  const service = await spawnService(t, temporaryFolder(t))
  service.stopReading()
  // A line has 250 bytes and more; the pipe and the reader together have room for 128 KiB.
  for (let round = 0; round < 40; round += 1) {
    const answers = await Promise.all(Array.from({ length: 25 }, () => request(`${service.management}/livez`)))
    t.ok(answers.every(({ status }) => status === 200))
  }
  t.equal(await service.stop(), 0)
})

test('lines wait for a reader that has stopped, those beyond the limit are counted, and the reader goes on with whole lines', async t => {
  const pipe = join(temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  t.teardown(() => closeSync(fd))
  let lost: number | undefined
  const output = createLogOutput(fd, count => {
    lost = count
  })
  const total = 10_000
  for (let line = 0; line < total; line += 1) output.write(`${line} ${'é'.repeat(500)}\n`)

  const buffer = Buffer.alloc(64 * 1024)
  const chunks: Buffer[] = []
  const read = () => {
    try {
      chunks.push(Buffer.from(buffer.subarray(0, readSync(fd, buffer))))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
  const readUntil = async (isOver: () => boolean) => {
    while (!isOver()) {
      read()
      await new Promise(resolve => setImmediate(resolve))
    }
    read()
  }
  await readUntil(() => lost !== undefined)
  output.write('after it\n')
  const text = () => Buffer.concat(chunks).toString()
  await readUntil(() => chunks.at(-1)?.toString().endsWith('after it\n') === true)
  const lines = text().trimEnd().split('\n')
  const kept = lines.length - 1
  t.equal(kept + (lost ?? 0), total)
  t.ok(kept > 8000 && kept < 9000, `8 MiB were kept: ${kept} lines`)
  t.ok(lines.every((line, index) => line === (index < kept ? `${index} ${'é'.repeat(500)}` : 'after it')))
})
