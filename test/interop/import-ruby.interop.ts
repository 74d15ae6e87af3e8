/** Hashes of Ruby's bcrypt, Rails and Devise. RUBY_HASHES names a Ruby that has the three. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { make, testExport, testImports } from './imported-hashes.ts'

const ruby = process.env['RUBY_HASHES'] ?? 'ruby'
const by = (library: string) => () => make(ruby, ['test/interop/import_hashes.rb', library])

testImports([{ name: 'bcrypt, Rails and Devise', make: by('bcrypt'), forms: 3 }])

testExport({
  name: 'Devise with a pepper',
  write: () =>
    make(ruby, ['test/interop/import_hashes.rb', 'pepper'])
      .map(({ password, hash }) => `${JSON.stringify({ username: password, password_hash: hash })}\n`)
      .join(''),
  words(folder) {
    const file = join(folder, 'pepper')
    writeFileSync(file, 'a-made-up-pepper-0123456789abcdef\n', { mode: 0o600 })
    return ['--pepper-file', file]
  },
})
