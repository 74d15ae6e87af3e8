/**
 * Starts one peer of the benchmark: NAME SETTINGS (JSON: port, folder, usernames, password, audience, opaqueAudience, resourceSecret).
 * Plain JavaScript, as its packages are: a start must not wait for types to be stripped.
 */
import { enableCompileCache } from 'node:module'

enableCompileCache()
const [name, settings] = process.argv.slice(2)
const { serve } = await import(`./${name}.js`)
await serve(JSON.parse(settings))
