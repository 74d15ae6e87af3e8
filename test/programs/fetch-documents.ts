/** Fetches from each URI of its arguments, as this environment lets it, and prints a line each: the document, or why there is none. */
import { createFetchDocument } from '../../src/outgoing/fetch-document.ts'
import { LOOPBACK } from '../support/document-server.ts'
import { untilAllAreReady } from '../support/together.ts'

const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
await untilAllAreReady()
for (const uri of process.argv.slice(2))
  console.log(await fetchDocument(uri).then(String, (error: Error) => error.message))
