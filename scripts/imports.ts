/** Prints the rooms by floor, and every import that the table of import rules does not allow: exit code 1 if there is one. */
import { fileURLToPath } from 'node:url'
import { arrowsBetween, floorsOf, problemsIn, readImports, roomOf } from './imports/graph.ts'

const imports = readImports(fileURLToPath(new URL('..', import.meta.url)))
const { floors } = floorsOf(arrowsBetween(imports, file => roomOf(file) ?? file))
const rooms = Map.groupBy([...floors], ([, floor]) => floor)
for (const floor of [...rooms.keys()].sort((one, other) => other - one)) {
  const names = (rooms.get(floor) ?? []).map(([room]) => room)
  console.log(`${floor}  ${names.sort().join('  ')}`)
}

const { circle } = floorsOf(arrowsBetween(imports, file => file))
const problems = [...problemsIn(imports), ...(circle ? [`These files import each other: ${circle.join(' → ')}`] : [])]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
