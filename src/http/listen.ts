import type { FastifyInstance } from 'fastify'

/** @throws an error that says which address is the trouble, and why */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'another process listens there' : String(error)
    throw new Error(`Can't listen on ${host}, port ${port}: ${reason}.`, { cause: error })
  }
}
