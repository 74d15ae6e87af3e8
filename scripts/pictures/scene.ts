/** A service with three months behind it: its keys have rotated five hours ago, and somebody guessed passwords in the night. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import packageJson from '../../package.json' with { type: 'json' }
import { runProgram } from '../../src/commands/program.ts'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { onFreePorts } from '../demo/ports.ts'
import type { Typed } from './terminal.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const PASSWORD = 'correct horse battery staple 9'

/** Addresses for documentation (RFC 5737). */
const [home, stranger] = ['203.0.113.7', '198.51.100.23']

const nobodyReads = { write: () => undefined }

/** A terminal of 80 columns that keeps what it is shown. */
function screen() {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY: true, columns: 80 }), text: () => text }
}

/** @returns what each command prints at the end, as a terminal shows it */
export async function scene(commands: readonly string[]): Promise<readonly Typed[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-pictures-'))
  const [end, clock] = [Date.now(), { at: 0, now: () => clock.at }]
  const environment = {
    SIGNET_DATABASE_URL: `file:${join(folder, 'signet.sqlite')}`,
    SIGNET_KEYS_DIR: join(folder, 'keys'),
    SIGNET_TRUST_PROXY: '127.0.0.1/32',
  }

  /** @throws when it is refused */
  async function signet(words: readonly string[], input = ''): Promise<string> {
    const shown = screen()
    const io = { stdin: Readable.from([Buffer.from(input)]), stdout: shown.stream, stderr: shown.stream, isTTY: false }
    const open = () => createContainer(readConfig(environment), { clock, logTo: nobodyReads })
    const code = await runProgram({ open, io, version: packageJson.version }, words)
    if (code !== 0) throw new Error(`signet ${words.join(' ')}: ${shown.text()}`)
    return shown.text()
  }

  async function history(): Promise<void> {
    clock.at = end - 90 * DAY_MS - 5 * HOUR_MS
    const running = await onFreePorts([3000, 9090], async ([port, managementPort]) => {
      const ports = { SIGNET_PORT: String(port), SIGNET_MANAGEMENT_PORT: String(managementPort) }
      const container = createContainer(readConfig({ ...environment, ...ports }), { clock, logTo: nobodyReads })
      return { ...(await container.serve()), url: `http://127.0.0.1:${port}`, close: container.close }
    })
    const signIn = async (username: string, password: string, address: string, hoursAgo: number) => {
      clock.at = end - hoursAgo * HOUR_MS
      const headers = { 'x-forwarded-for': address, 'user-agent': 'Mozilla/5.0' }
      const form = { grant_type: 'password', client_id: 'blog', username, password }
      await fetch(`${running.url}/oauth/token`, { method: 'POST', headers, body: new URLSearchParams(form) })
      await running.writeEvents()
    }
    try {
      await signet(['roles', 'add', 'editor', '--permission', 'posts:write'])
      await signet(['users', 'add', 'alice', '--role', 'editor', '--password-stdin'], PASSWORD)
      const grants = ['--grant', 'password', '--grant', 'refresh_token']
      await signet([
        'clients',
        'add',
        'blog',
        '--public',
        ...grants,
        '--scope',
        '*',
        '--audience',
        'https://api.example.com',
      ])
      await signIn('alice', PASSWORD, home, 8)
      clock.at = end - 5 * HOUR_MS
      await running.tick()
      await signIn('admin', 'password123', stranger, 3.2)
      await signIn('alice', 'alice2026', stranger, 3.1)
      await signIn('root', 'password123', stranger, 3)
      await signIn('alice', PASSWORD, home, 0.5)
      clock.at = end
    } finally {
      await running.stop()
      await running.close()
    }
  }

  try {
    await history()
    const typed: Typed[] = []
    for (const command of commands)
      typed.push({ command: `./signet ${command}`, printed: await signet(command.split(' ')) })
    return typed
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
