/** The bytes of an import: a file or a stream, which is read twice and gives the same twice. */
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { openSource, type Source } from '../../src/maintenance/import/source.ts'
import { temporaryFolder } from '../support/serve.ts'

/** Where standard input must not be read. */
const noInput = Readable.from([])
const MIB = 1024 * 1024
const bytesOf = async (source: Source) => Buffer.concat(await Array.fromAsync(source.read()))
const large = Buffer.alloc(3 * MIB + 17, 'a line of text that is no multiple of anything\n')

t.test('a file and standard input are read twice, and give the same', async t => {
  const file = join(temporaryFolder(t), 'people')
  for (const content of [Buffer.alloc(0), Buffer.from('one'), Buffer.alloc(256 * 1024, 'x'), large]) {
    writeFileSync(file, content)
    const odd = Array.from({ length: Math.ceil(content.length / 70_001) }, (_, at) =>
      content.subarray(at * 70_001, (at + 1) * 70_001),
    )
    for (const source of [await openSource(file, noInput), await openSource('-', Readable.from(odd))]) {
      t.equal(source.bytes, content.length)
      t.ok((await bytesOf(source)).equals(content))
      t.ok((await bytesOf(source)).equals(content))
      await source.close()
    }
  }
})

t.test('a pipe that has a name is kept, too', async t => {
  const file = join(temporaryFolder(t), 'pipe')
  const cat = spawn('sh', ['-c', 'mkfifo "$0" && echo made && printf "one\\ntwo\\n" > "$0"', file])
  await cat.stdout.find(() => true)
  const source = await openSource(file, noInput)
  t.equal(source.bytes, 8)
  t.equal(String(await bytesOf(source)), 'one\ntwo\n')
  t.equal(String(await bytesOf(source)), 'one\ntwo\n')
  await source.close()
})

/** On Linux: the name is gone, and the descriptor still shows the mode. */
function modesOfOpenFilesIn(folder: string): number[] {
  if (process.platform !== 'linux') return []
  const links = readdirSync('/proc/self/fd').map(name => `/proc/self/fd/${name}`)
  // The one by which the list was read is closed.
  const open = links.filter(link => existsSync(`/proc/self/fdinfo/${basename(link)}`))
  return open.filter(link => readlinkSync(link).startsWith(folder)).map(link => statSync(link).mode & 0o777)
}

t.test('what is kept of standard input has no name and is for its owner only', async t => {
  const before = process.env['TMPDIR']
  const folder = temporaryFolder(t)
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  t.equal(tmpdir(), folder)
  const [seen, modes]: [string[], number[]] = [[], []]
  async function* slowly() {
    yield Buffer.from('a hash')
    seen.push(...readdirSync(folder))
    modes.push(...modesOfOpenFilesIn(folder))
    yield Buffer.from(' and more')
  }
  const source = await openSource('-', Readable.from(slowly()))
  t.strictSame([...seen, ...readdirSync(folder)], [])
  if (process.platform === 'linux') t.strictSame(modes, [0o600])
  t.equal(String(await bytesOf(source)), 'a hash and more')
  await source.close()

  process.env['TMPDIR'] = join(folder, 'missing')
  await t.rejects(openSource('-', Readable.from([Buffer.from('x')])), {
    name: 'FileRefused',
    message: /missing.*\(ENOENT\).*Set TMPDIR/,
  })
})

t.test('a file that is changed between two readings is not read on', async t => {
  const file = join(temporaryFolder(t), 'people')
  const changes = {
    'a byte': async () => {
      const handle = await open(file, 'r+')
      await handle.write(Buffer.from('X'), 0, 1, 2 * MIB)
      await handle.close()
    },
    'more bytes': async () => appendFileSync(file, 'more'),
    'fewer bytes': async () => truncateSync(file, 2 * MIB),
    'none left': async () => truncateSync(file, 0),
  }
  for (const [what, change] of Object.entries(changes)) {
    writeFileSync(file, large)
    const { mtime, atime } = statSync(file)
    const source = await openSource(file, noInput)
    await bytesOf(source)
    await change()
    const handle = await open(file, 'r+')
    await handle.utimes(atime, mtime)
    await handle.close()
    const read: Buffer[] = []
    const reading = async () => {
      for await (const block of source.read()) read.push(Buffer.from(block))
    }
    await t.rejects(reading(), { name: 'FileRefused', message: /was changed while it was read/ }, what)
    const got = Buffer.concat(read)
    t.ok(got.equals(large.subarray(0, got.length)), `${what}: nothing else was handed out before`)
    await source.close()
  }
})

t.test('what is no file is refused in plain words', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'folder'))
  await t.rejects(openSource(join(folder, 'none'), noInput), { name: 'FileRefused', message: 'There is no such file.' })
  await t.rejects(openSource(join(folder, 'folder'), noInput), { message: 'That is a directory and no file.' })
  await t.rejects(openSource(join(folder, 'x'.repeat(300)), noInput), { message: /can't be read \(ENAMETOOLONG\)/ })
  const breaking = new Readable({ read: () => void breaking.destroy(Object.assign(new Error(''), { code: 'EIO' })) })
  await t.rejects(openSource('-', breaking), { name: 'FileRefused', message: /\(EIO\)/ })
})
