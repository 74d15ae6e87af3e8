/** Says when a document comes with an `Age`: the issuer could not look for what is new, or a cache answered in its place. */
import type { Environment, Report } from '../environment.ts'

/** One instance may look while another can't, and a verifier that asks now this one, now that one sees one outage, not many. */
const QUIET_MS = 60_000

export interface AgeReport {
  /** @param ageMs undefined when the answer has no `Age` */
  readonly heard: (uri: string, ageMs: number | undefined) => void
}

export function createAgeReport(document: string, elapsed: Environment['elapsed'], report: Report): AgeReport {
  /** When the last such answer came, until it was said that it is over. */
  let agedAt: number | undefined
  return {
    heard(uri, ageMs = 0) {
      if (ageMs > 0) {
        if (agedAt === undefined) report({ type: 'aged', document, uri, ageSeconds: ageMs / 1000 })
        agedAt = elapsed()
      } else if (agedAt !== undefined && elapsed() - agedAt >= QUIET_MS) {
        report({ type: 'fresh', document, uri })
        agedAt = undefined
      }
    },
  }
}
