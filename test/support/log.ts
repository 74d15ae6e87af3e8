import type { Service } from './serve.ts'

/** The lines of the log whose message begins with this. */
export const linesSaying = (service: Service, message: string) =>
  service
    .log()
    .split('\n')
    .filter(line => line.includes(`"msg":"${message}`))
    .map(line => JSON.parse(line))
