import type { FastifyInstance } from 'fastify'

/** The message is for the operator who started the service. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen'
}

/** @throws CannotListen that says which address is the trouble, and why */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'another process listens there' : String(error)
    throw new CannotListen(`Can't listen on ${host}, port ${port}: ${reason}.`, { cause: error })
  }
}
