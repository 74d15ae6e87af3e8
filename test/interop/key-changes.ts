/** Changes of the signing keys by command, until the running service signs and publishes accordingly. */
import { signet } from '../support/command-line.ts'
import { headerOf, type Service } from '../support/serve.ts'
import { keyIn, kidsIn, publishedBy } from '../support/signing-keys.ts'
import { change } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

type NewToken = () => Promise<string>

async function follows(service: Service, token: NewToken): Promise<void> {
  const wanted = () => kidsIn(service, 'pending', 'active', 'retiring').sort().join()
  await until(async () => (await publishedBy(service)).join() === wanted())
  await until(async () => headerOf(await token()).kid === keyIn(service, 'active').kid)
}

async function keys({ environment }: Service, ...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await signet(environment, ['keys', ...words])
  if (code !== 0) throw new Error(stdout + stderr)
}

/** A rotation that is asked for, as if the standby had been published for the lead: the service does it. @param token gets a new one */
export async function rotateKeys(service: Service, token: NewToken): Promise<void> {
  const next = keyIn(service, 'pending').kid
  await keys(service, 'rotate')
  change(service.databaseFile, "update signing_keys set activates_at_ms = created_at_ms where state = 'pending'")
  await until(async () => keyIn(service, 'active').kid === next)
  await follows(service, token)
}

/** Revokes the key that signs. @param token gets a new one */
export async function revokeKey(service: Service, token: NewToken): Promise<void> {
  await keys(service, 'revoke', '--yes', keyIn(service, 'active').kid, '--reason', 'its file was in a copied image')
  await follows(service, token)
}
