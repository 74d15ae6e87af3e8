/** The pages of the repository: what they lead to exists, and each runbook has its parts and its place in the index. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { chapters, pagesWithCommandsIn, textOf } from './support/runbooks.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(checkout, path), 'utf8')
const notOurs = ['node_modules', '.git', '.tap', '.venv', 'dist']
const filesNamed = (pattern: string): string[] =>
  globSync(pattern, { cwd: checkout, exclude: path => notOurs.includes(basename(path)) }).sort()
const pages = filesNamed('**/*.md')

const withoutFences = (text: string): string => text.replace(/^(```+)[^`\n]*\n.*?^\1$/gms, '')

/** The anchors of a page, as GitHub makes them: a heading in lower case, its spaces as hyphens, numbered when it comes again. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6} +(.+?)[ #]*$/gm)) {
    const words = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = words.replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

interface Link {
  readonly label: string
  readonly target: string
}

const linksIn = (text: string): Link[] => {
  const prose = withoutFences(text).replace(/(?<!`)`[^`\n]+`(?!`)/g, code => code.replace(/[[\]()]/g, '.'))
  return [...prose.matchAll(/\[([^\]]*)\]\(<?([^)>\s]*)>?(?: +"[^"]*")?\)/g)].map(([, label = '', target = '']) => ({
    label,
    target,
  }))
}

/** Why a link of a page leads nowhere; undefined when it leads somewhere, or out of the repository. */
function whatIsWrong(page: string, target: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined
  const [path = '', anchor] = decodeURI(target).split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (file.startsWith('..') || !existsSync(join(checkout, file))) return 'there is no such file'
  if (anchor === undefined) return undefined
  return anchorsOf(read(file)).has(anchor) ? undefined : 'there is no such heading'
}

t.test('anchors are those of GitHub', async t => {
  const text = '# `a_b`, [Two](x.md) & 3–4!\n```sh\n# no heading\n```\n## Again\n## Again\n## Signet: `keys/`\n'
  t.strictSame([...anchorsOf(text)], ['a_b-two--34', 'again', 'again-1', 'signet-keys'])
})

t.test('every link between the pages leads to a file and a heading that exist', async t => {
  t.ok(pages.length > 30, 'the pages were found')
  const broken = pages.flatMap(page =>
    linksIn(read(page)).flatMap(({ target }) => {
      const wrong = whatIsWrong(page, target)
      return wrong === undefined ? [] : [`${page}: ${target}: ${wrong}`]
    }),
  )
  t.strictSame(broken, [])
})

t.test('what leads nowhere is noticed', async t => {
  for (const target of ['nowhere.md', '../../outside.md', '#no-such-heading', 'docs/running.md#no-such-heading'])
    t.type(whatIsWrong('README.md', target), 'string', target)
  t.strictSame(linksIn('`[a](b)` [c `d`](e.md#f)\n```md\n[g](h)\n```\n'), [{ label: 'c `d`', target: 'e.md#f' }])
})

t.test('every page of docs/ begins with links to its chapters', async t => {
  const withContents = pages.filter(page =>
    /^(docs\/(integrations\/(frameworks\/)?)?[\w-]+|SECURITY|CONTRIBUTING)\.md$/.test(page),
  )
  t.ok(withContents.length > 30, 'the pages were found')
  const missing = withContents.flatMap(page => {
    const [start = '', ...chapters] = withoutFences(read(page)).split(/^(?=## )/m)
    const contents = linksIn(start).map(({ target }) => target)
    return [...anchorsOf(chapters.join('').replace(/^###.*$/gm, ''))]
      .filter(anchor => !contents.includes(`#${anchor}`))
      .map(anchor => `${page}: ${anchor}`)
  })
  t.strictSame(missing, [])
})

t.test('docs/conformance.md calls each file and each test that it links by its name', async t => {
  const links = linksIn(read('docs/conformance.md')).filter(({ target }) => target.startsWith('../'))
  t.ok(links.length > 100, 'the links were found')
  const ofSources = links.filter(({ target }) => target.endsWith('.ts'))
  // With its folder or without, and a test without its ending.
  const fits = ({ label, target }: Link) =>
    `/${target.replace(/(\.(test|interop|soak))?\.ts$/, '')}`.endsWith(`/${label.replace(/\.ts$/, '')}`)
  t.strictSame(
    ofSources.filter(link => !fits(link)),
    [],
  )
})

t.test('every file and folder of the checkout that a page names exists', async t => {
  const path = /(?<!`)`((?:src|test|docs|scripts|bench|examples|verifier|verifier-python|\.ci)\/(?!dist)[^`\s]*)`/g
  const named = pages.flatMap(page =>
    [...withoutFences(read(page)).matchAll(path)].map(([, name = '']) => ({ page, name })),
  )
  t.ok(named.length > 40, 'the names were found')
  t.strictSame(
    named.filter(({ name }) => !/NAME|NOUN/.test(name) && !existsSync(join(checkout, name))),
    [],
  )
})

t.test('the pages that the sources and their tests name exist', async t => {
  const sources = filesNamed('{src,test,scripts,bench,verifier/src}/**/*.ts')
  t.ok(sources.length > 100, 'the sources were found')
  const named = sources.flatMap(source =>
    [...read(source).matchAll(/(?<![\w/])docs\/[\w/-]+\.md/g)].map(([page]) => `${source}: ${page}`),
  )
  t.strictSame(
    named.filter(name => !pages.includes(name.slice(name.indexOf(': ') + 2))),
    [],
  )
})

t.test('every page about other programs is in its index, and so is every finding', async t => {
  for (const [index, files, atLeast] of [
    ['docs/integrations/README.md', '*.md', 10],
    ['docs/integrations/frameworks.md', 'frameworks/*.md', 8],
    ['findings/README.md', '*.sh', 10],
  ] as const) {
    const there = filesNamed(join(dirname(index), files)).filter(path => path !== index)
    t.ok(there.length >= atLeast, index)
    const listed = linksIn(read(index)).map(({ target }) => join(dirname(index), target))
    const folder = dirname(there[0] ?? '')
    t.strictSame(listed.filter(path => dirname(path) === folder && !path.includes('#')).sort(), there, index)
  }
})

t.test('every runbook is in the index, and says what you see, what to do, and how you know that it worked', async t => {
  const all = filesNamed('docs/runbooks/*.md')
    .map(path => basename(path, '.md'))
    .sort()
  t.strictSame([...new Set([...chapters.values()].flat())].sort(), all)
  for (const page of all) {
    const headings = [...withoutFences(textOf(page)).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
    t.strictSame(headings.slice(0, 3), ['What you see', 'What to do', 'How you know it worked'], page)
  }
})

t.test('commands are in chapters that a test follows', async t => {
  const withCommands = [...chapters.keys()].filter(chapter => pagesWithCommandsIn(chapter).length > 0)
  t.strictSame(withCommands, ['Signing keys', 'Backup and restore', 'Something was stolen'])
})
