/** Hashes of passlib 1.7, of which libpass is a continuation. PASSLIB_HASHES names a Python that has it with bcrypt 4. */
import { make, testImports } from './imported-hashes.ts'

const python = process.env['PASSLIB_HASHES'] ?? 'python3'
testImports([
  {
    name: 'passlib',
    make: () => make(python, ['test/interop/import-python/hashes.py', 'passlib']),
    forms: 15,
  },
])
