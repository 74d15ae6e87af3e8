/** The service as it ships, but for a signer that does nothing; with the accounts of the benchmark. */
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { addAccounts } from '../accounts.ts'

/** As long as a signature of RSA-2048. */
const nothing = Buffer.alloc(256)

const container = createContainer(readConfig(), {
  faults: { signer: ({ kid }) => ({ kid, sign: async () => nothing }) },
})
await addAccounts(container)
await container.serve()
