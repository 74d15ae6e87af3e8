import { type DestinationStream, destination, type Logger, pino } from 'pino'

/** One JSON object a line on standard output, written without blocking the requests. */
export const createLogger = (level: string, to?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    to ?? destination({ dest: 1, sync: false }),
  )
