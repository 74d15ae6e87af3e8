/** Lets each weather pass over three instances, and tells what came of it. */
import { startPostgres } from '../../test/support/postgres-server.ts'
import { prepareDatabase } from './database.ts'
import { runForecast } from './forecast.ts'
import { prepareStage } from './stage.ts'

/** Below, each weather comes once and is short. */
const SHORT_SECONDS = 300
/** Few enough connections to be used up. */
const SETTINGS = { max_connections: 60 }

/** @returns how many violations there were */
export async function runWeather({ seconds, seed }: { readonly seconds: number; readonly seed: number }) {
  const server = await startPostgres(SETTINGS)
  try {
    const database = await prepareDatabase(server)
    const stage = await prepareStage({ databaseUrl: database.url, seed, isShort: seconds < SHORT_SECONDS })
    try {
      const world = { ...stage, server, database, random: stage.random('weather') }
      const untilMs = stage.startedAt + seconds * 1000
      const recoveries = await runForecast({ ...stage, world, random: stage.random('forecast'), untilMs })
      stage.say('the last look')
      return stage.tell(recoveries, await stage.lastLook())
    } finally {
      await stage.close()
    }
  } finally {
    await server.stop()
  }
}
