import { type DestinationStream, type Logger, pino } from 'pino'
import { isoTime } from './clock.ts'
import { createLogOutput, standardOutput } from './log-output.ts'

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

/** One JSON object a line, on standard output where nothing else is given. */
export function createLogger(level: string, to?: DestinationStream): Logger {
  const tellOfLost = (lines: number) =>
    log.warn({ lines }, 'lines of the log were lost: whoever reads it had stopped, or was too slow')
  const log = pino(
    {
      level,
      base: null,
      timestamp: createTimestamp(),
      formatters: { level: label => ({ level: label }) },
    },
    to ?? createLogOutput(standardOutput(), tellOfLost),
  )
  return log
}
