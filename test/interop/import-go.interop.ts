/** Hashes of Go's libraries, and by them what Gitea and Grafana write. IMPORT_GO names the program of import-go/. */
import { type Made, make, testExport, testImports } from './imported-hashes.ts'

const program = process.env['IMPORT_GO'] ?? 'import-go'

testImports([
  { name: "Go's libraries", make: () => make(program, ['hashes']), forms: 3, refused: ['long'] },
  { name: 'Gitea', make: () => make(program, ['gitea']), forms: 2, words: ['--max-cost', '50'] },
  { name: 'Grafana', make: () => make(program, ['grafana']), forms: 1 },
])

/** The rows of a table, as SQLite and psql write them. */
const asCsv = (made: readonly Made[], nameColumn: string, more: Readonly<Record<string, unknown>>): string => {
  const rows = made.map(({ password, hash }) => ({ [nameColumn]: password, ...Object(hash), ...more }))
  return [Object.keys(rows[0] ?? {}), ...rows.map(row => Object.values(row))].map(row => `${row.join(',')}\n`).join('')
}

testExport({
  name: 'Gitea',
  write: () => {
    const made = make(program, ['gitea']).filter(({ form }) => form === 'gitea pbkdf2')
    return asCsv(made, 'name', { type: 0, is_active: 1, prohibit_login: 0 })
  },
  words: () => ['--format', 'gitea'],
})

testExport({
  name: 'Grafana',
  write: () => asCsv(make(program, ['grafana']), 'login', { is_disabled: 'f', is_service_account: 'f' }),
  words: () => ['--format', 'grafana'],
})
