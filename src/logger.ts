import { type DestinationStream, destination, type Logger, pino } from 'pino'

/** Lines are written together, this many bytes or this many milliseconds at the most: a write a line costs more than the line. */
const batched = { minLength: 4096, periodicFlush: 100 }

/** One JSON object a line on standard output, written without blocking the requests. */
export const createLogger = (level: string, to?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    to ?? destination({ dest: 1, sync: false, ...batched }),
  )
