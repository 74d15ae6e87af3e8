/** Starts the example: configuration → app → port. */
import { env } from 'node:process'
import { createApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'

async function start(config: Config): Promise<void> {
  const { app } = await createApp(config)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
  await app.listen({ host: '127.0.0.1', port: config.port })
}

/** What whoever started it can mend is told in a sentence, without a stack. */
function messageFor(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `Another program has this port (${error.message}). PORT chooses another one; README.md says what changes with it.`
  throw error
}

try {
  await start(readConfig(env))
} catch (error) {
  process.stderr.write(`${messageFor(error)}\n`)
  process.exit(1)
}
