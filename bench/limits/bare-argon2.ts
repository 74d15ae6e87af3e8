/** Verifies one password again and again: PARALLEL at a time, for three seconds. Prints how fast, as JSON. */
import { hash, verify } from '@node-rs/argon2'
import { password } from '../forms.ts'

const MEASURED_MS = 3000

const parallel = Number(process.argv[2])
const known = await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
const begin = performance.now()
const cpuBefore = process.cpuUsage()
let count = 0

async function verifyInTurn(): Promise<void> {
  while (performance.now() < begin + MEASURED_MS) {
    if (!(await verify(known, password))) throw new Error('the password is right')
    count += 1
  }
}

await Promise.all(Array.from({ length: parallel }, verifyInTurn))
const { user, system } = process.cpuUsage(cpuBefore)
const perSecond = count / ((performance.now() - begin) / 1000)
console.log(JSON.stringify({ perSecond, cpuMicroseconds: (user + system) / count }))
