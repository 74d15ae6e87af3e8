import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { isoTime } from './clock.ts'

/** Lines are written together, this many bytes or this many milliseconds at the most: a write a line costs more than the line. */
const batched = { minLength: 12_288, periodicFlush: 100 }

/** ISO 8601, written anew once a millisecond, not once a line. */
function createTimestamp(): () => string {
  let writtenAtMs = 0
  let text = ''
  return () => {
    const nowMs = Date.now()
    if (nowMs !== writtenAtMs) text = `,"time":"${isoTime(nowMs)}"`
    writtenAtMs = nowMs
    return text
  }
}

/** One JSON object a line on standard output, written without blocking the requests. */
export const createLogger = (level: string, to?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: createTimestamp(),
      formatters: { level: label => ({ level: label }) },
    },
    to ?? destination({ dest: 1, sync: false, ...batched }),
  )
