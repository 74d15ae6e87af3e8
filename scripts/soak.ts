/**
 * `npm run test:soak`: kills, days, rotations, machines, what is cut short, files that change and copies that are put back, tampered
 * audits and a rolling upgrade, as long as it is told, at moments that come from a seed. It names the seed, so that what failed can be
 * repeated:
 *
 *     npm run test:soak -- --kills 1000 --share 1 --rounds 100 --grants 100000 --tampered 5000 --seed 4711 --minutes 600 kill day
 *
 * A file that takes longer than `--minutes`, which is 15 when nothing else is said, has failed: what hangs says its name. A long run
 * needs more of them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '20' },
    share: { type: 'string', default: '0.003' },
    rounds: { type: 'string', default: '10' },
    grants: { type: 'string', default: '3000' },
    tampered: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '15' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
})
const names = readdirSync(new URL('../test/soak', import.meta.url))
  .filter(name => name.endsWith('.soak.ts'))
  .map(name => name.slice(0, -'.soak.ts'.length))
const unknown = positionals.filter(name => !names.includes(name))
if (unknown.length > 0) throw new Error(`There is no soak ${unknown.join(', ')}, but ${names.join(', ')}.`)
// No minutes would be no limit, and a timer takes 24 days.
const forms: Readonly<Record<string, RegExp>> = { share: /^(0\.\d+|1)$/, minutes: /^[1-9]\d{0,3}$/ }
const wrong = Object.entries(values).filter(([name, value]) => !(forms[name] ?? /^\d{1,10}$/).test(value))
for (const [name, value] of wrong) throw new Error(`--${name} ${value} is no number.`)
const chosen = positionals.length === 0 ? names : positionals

const settings = Object.entries(values)
const words = settings.map(([name, value]) => `--${name} ${value}`)
console.log(`soak: npm run test:soak -- ${[...words, ...chosen].join(' ')}`)
const environment = Object.fromEntries(settings.map(([name, value]) => [`SOAK_${name.toUpperCase()}`, value]))
const files = chosen.map(name => `test/soak/${name}.soak.ts`)
const tap = spawn('tap', [`--timeout=${Number(values.minutes) * 60}`, '--jobs=2', ...files], {
  stdio: 'inherit',
  env: { ...process.env, ...environment },
})
const [code] = await once(tap, 'exit')
process.exitCode = code ?? 1
