/**
 * What Prometheus is told of a service. Each service has a registry of its own. Labels have few values, which the program chooses:
 * never a user, a client, a path or anything else that callers type.
 */
import { Registry } from 'prom-client'
import { createMeasuredSigner } from './measured-signer.ts'
import { addPartMetrics, createProtectionMetrics, type Parts } from './part-metrics.ts'
import { createProcessMetrics } from './process-metrics.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createScrape, type Scrape } from './scrape.ts'
import { signingKeysSource } from './signing-keys-source.ts'
import { cascadesSource, credentialsSource, sealerSource, statusListsSource } from './sources.ts'
import { createWriteMetrics } from './write-metrics.ts'

type WhatIsAsked = Parts &
  Omit<Parameters<typeof signingKeysSource>[0], 'register'> &
  Omit<Parameters<typeof credentialsSource>[0], 'register'> &
  Omit<Parameters<typeof sealerSource>[0], 'register'> & {
    readonly cascades: Parameters<typeof cascadesSource>[1]
    readonly statusListAge: Parameters<typeof statusListsSource>[1]
  }

export function createMetrics() {
  const register = new Registry()

  return {
    /** A request is over, on either port. */
    requestOver: createRequestMetrics(register),
    measuredSigner: createMeasuredSigner(register),
    writes: createWriteMetrics(register),
    ...createProtectionMetrics(register),
    /** The look at the event loop, which runs beside requests. */
    process: createProcessMetrics(register),
    /** To be called once, when all that is to be asked is there. */
    scrapeOf(asked: WhatIsAsked): Scrape {
      addPartMetrics(register, asked)
      return createScrape(register, [
        signingKeysSource({ ...asked, register }),
        cascadesSource(register, asked.cascades),
        credentialsSource({ ...asked, register }),
        statusListsSource(register, asked.statusListAge),
        sealerSource({ ...asked, register }),
      ])
    },
  }
}
