/** Hashes of WordPress before 6.8. WORDPRESS names its class-phpass.php, which `php` runs. */
import { make, testImports } from './imported-hashes.ts'

const phpass = process.env['WORDPRESS'] ?? 'class-phpass.php'

testImports([
  {
    name: 'WordPress',
    make: () => make('php', ['test/interop/import_hashes.php', 'wordpress', phpass]),
    forms: 1,
  },
])
