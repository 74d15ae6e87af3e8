/**
 * What tsc leaves to do about the declarations. They name each other as the sources do, by `.ts`, which not every TypeScript takes. And
 * each is needed a second time, as one of a CommonJS module: TypeScript lets a CommonJS file import nothing else, although Node hands
 * the same ES module to `require`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const dist = join(import.meta.dirname, '../dist')

for (const name of readdirSync(dist, { encoding: 'utf8', recursive: true })) {
  if (!name.endsWith('.d.ts')) continue
  const file = join(dist, name)
  const declarations = readFileSync(file, 'utf8')
  const naming = (extension: string): string =>
    declarations.replace(/((?:from |import\()['"]\.[^'"]+)\.[jt]s(?=['"])/g, `$1.${extension}`)
  writeFileSync(file, naming('js'))
  writeFileSync(file.replace(/\.ts$/, '.cts'), naming('cjs'))
}
