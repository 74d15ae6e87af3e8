/** Hashes of Spring Security and Keycloak. IMPORT_JAVA names the program of import-java/. */
import { type Made, make, testExport, testImports } from './imported-hashes.ts'

const program = process.env['IMPORT_JAVA'] ?? 'import-java'

testImports([
  { name: 'Spring Security', make: () => make(program, ['spring']), forms: 9, refused: ['long'] },
  { name: 'Keycloak', make: () => make(program, ['keycloak']), forms: 5, words: ['--max-cost', '50'] },
])

/** A user as the export of a realm has it. */
const userOf = (username: string, { hash }: Made, id: number, more: object = {}) => ({
  id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
  username,
  email: `${username}@example.com`,
  enabled: true,
  credentials: [{ id: 'otp', type: 'otp', secretData: '{"value":"otp"}', credentialData: '{"digits":6}' }, hash],
  realmRoles: ['default-roles-realm', 'reader'],
  ...more,
})

testExport({
  name: 'Keycloak',
  write: () => {
    const made = make(program, ['keycloak']).filter(({ form }) => form === 'keycloak argon2')
    const users = made.map((one, index) => userOf(one.password, one, index))
    const [first] = made
    if (first !== undefined) users.push(userOf('disabled', first, users.length, { enabled: false }))
    return JSON.stringify({ realm: 'realm', enabled: true, roles: { realm: [{ name: 'reader' }] }, users }, null, 2)
  },
  words: () => ['--format', 'keycloak'],
  kept: ['disabled'],
})
