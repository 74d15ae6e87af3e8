/** Whether a program of others takes connections by now. */
import { connect } from 'node:net'
import { until } from '../support/status-list.ts'

export const isListening = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** @throws when it does not within ten seconds */
export const listens = (port: number): Promise<void> => until(() => isListening(port))
