/** Hashes of Python's libraries. PYTHON_HASHES names a Python that has those of requirements.txt in import-python/. */
import { make, run, testExport, testImports } from './imported-hashes.ts'

const python = process.env['PYTHON_HASHES'] ?? 'python3'
const by = (library: string) => () => make(python, ['test/interop/import-python/hashes.py', library])

testImports([
  { name: 'Django', make: by('django'), forms: 6, refused: ['long'] },
  { name: 'Werkzeug', make: by('werkzeug'), forms: 5 },
  { name: 'argon2-cffi', make: by('argon2'), forms: 3 },
  { name: 'bcrypt', make: by('bcrypt'), forms: 2, refused: ['long'] },
  { name: 'Flask-Bcrypt', make: by('flask_bcrypt'), forms: 1, refused: ['long'] },
  {
    name: 'Flask-Bcrypt with long passwords',
    make: by('flask_bcrypt_long'),
    forms: 1,
    words: ['--prehash', 'sha256-hex'],
  },
  { name: 'libpass', make: by('passlib'), forms: 15, refused: ['long'] },
])

for (const format of ['json', 'csv'])
  testExport({
    name: `Django, as ${format}`,
    write: () => run(python, ['test/interop/import-python/django_project.py', format]),
    words: () => ['--format', 'django', '--role', 'reader'],
    kept: ['disabled', 'nobody'],
  })
