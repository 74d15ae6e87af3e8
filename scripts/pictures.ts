/** `npm run pictures`: makes the pictures of the README anew, from the program as it is. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { demo } from './pictures/demo.ts'
import { overview } from './pictures/overview.ts'
import { scene } from './pictures/scene.ts'
import { terminal } from './pictures/terminal.ts'

const folder = new URL('../docs/pictures/', import.meta.url)
mkdirSync(folder, { recursive: true })

function write(name: string, picture: string | Uint8Array): void {
  writeFileSync(new URL(name, folder), picture)
  console.log(fileURLToPath(new URL(name, folder)))
}

write('overview.svg', overview())
const commands = ['keys list', 'audit list --type user.sign_in --since 12h']
write('terminal.svg', terminal('A terminal: signet keys list, and signet audit list', await scene(commands)))
write('demo.png', await demo())
