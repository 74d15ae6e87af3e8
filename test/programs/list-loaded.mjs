/** Preloaded into a service: what it has loaded, when it ends, in the file that LOADED names. JavaScript, so that it loads nothing more itself. */
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded = []
registerHooks({
  load(url, context, nextLoad) {
    loaded.push(url)
    return nextLoad(url, context)
  },
})
process.once('exit', () => writeFileSync(process.env.LOADED, [...loaded, ...process.moduleLoadList].join('\n')))
