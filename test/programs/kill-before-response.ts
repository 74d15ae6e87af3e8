/**
 * Preloaded into a service: while the file that KILL_WHILE_EXISTS names is there, the process kills itself at the moment in which
 * it would answer a token request with success: after everything was committed, and before a byte of the answer is sent.
 */
import { existsSync } from 'node:fs'
import { ServerResponse } from 'node:http'

const file = process.env['KILL_WHILE_EXISTS'] ?? ''
const writeHead = ServerResponse.prototype.writeHead

ServerResponse.prototype.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]) {
  if (status === 200 && this.req.url === '/oauth/token' && existsSync(file)) process.kill(process.pid, 'SIGKILL')
  return Reflect.apply(writeHead, this, [status, ...rest])
} as typeof writeHead
