/** Both ports: they start together, and stop in the order in which nobody is cut off. */
import type { FastifyInstance } from 'fastify'
import type { ClientReader } from '../records/client.ts'
import type { BaseAppOptions } from './base-app.ts'
import { createOriginRules } from './browser-origins.ts'
import { createManagementApp, type ManagementAppOptions } from './management-app.ts'
import { createPublicApp, type PublicRoutesOptions } from './public-app.ts'
import type { Readiness } from './routes/health.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ServersOptions extends BaseAppOptions, Omit<PublicRoutesOptions, 'origins' | 'isServing'> {
  /** The key that signs, for the log. */
  readonly kid: string
  readonly publicAddress: Address
  readonly managementAddress: Address
  readonly clients: ClientReader
  readonly proofs: Readiness['proofs']
  readonly shutdownDelaySeconds: number
  readonly pause: (milliseconds: number) => Promise<void>
  readonly metrics: ManagementAppOptions['metrics']
}

export interface Servers {
  /**
   * Readiness fails first; after the delay, in which whoever balances takes the service out, requests in flight are finished, on the
   * public port and then on the other.
   * @param how.isUrgent without the delay
   */
  stop(how?: { readonly isUrgent?: boolean }): Promise<void>
}

/** The message is for the operator who started the service. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen'
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this user may not listen on that port',
  ENOTFOUND: 'no such host is known',
}

async function listen(app: FastifyInstance, { host, port }: Address): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = reasons[code ?? ''] ?? message
    throw new CannotListen(`Can't listen on ${host}, port ${port}: ${reason}.`, { cause: error })
  }
}

/** How a browser names a page of the service itself: without the zone that an IPv6 address may have. */
function originOf({ host, port }: Address): string {
  return new URL(`http://${host.includes(':') ? `[${host.replace(/%.*/, '')}]` : host}:${port}`).origin
}

/** @throws CannotListen that says which address is the trouble, and why */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const { metadata, publicAddress, managementAddress, clients, proofs, log, shutdownDelaySeconds, pause } = options
  let serving = true
  const isServing = () => serving
  const own = [new URL(metadata.issuer).origin, originOf(managementAddress)]
  const publicApp = await createPublicApp({ ...options, isServing, origins: createOriginRules(own, clients) })
  const managementApp = createManagementApp({
    ...options,
    readiness: { isServing, proofs },
    issuer: metadata.issuer,
  })
  const close = async () => {
    await publicApp.close()
    await managementApp.close()
  }
  try {
    await listen(managementApp, managementAddress)
    await listen(publicApp, publicAddress)
  } catch (error) {
    // The port that does listen would keep the process alive.
    await close()
    throw error
  }
  log.info({ issuer: metadata.issuer, kid: options.kid, management: originOf(managementAddress) }, 'serving')
  return {
    async stop({ isUrgent = false } = {}) {
      serving = false
      log.info('stopping')
      if (shutdownDelaySeconds > 0 && !isUrgent) await pause(shutdownDelaySeconds * 1000)
      await close()
    },
  }
}
