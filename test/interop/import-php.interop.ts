/** Hashes of PHP's own functions and of Symfony. PHP_HASHES names a PHP that has Symfony's password hasher. */
import { make, testImports } from './imported-hashes.ts'

const php = process.env['PHP_HASHES'] ?? 'php'
const by = (library: string) => () => make(php, ['test/interop/import_hashes.php', library])

testImports([
  { name: 'PHP', make: by('native'), forms: 6 },
  { name: 'Symfony', make: by('symfony'), forms: 3 },
])
