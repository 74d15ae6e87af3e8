/**
 * In the place of async-hook-domain, by which tap knows whose test an error is that nobody caught. That one follows every promise with
 * an async hook, which is a fifth of the time of all tests; AsyncLocalStorage, which Node carries along anyway, does the same.
 */
import { AsyncLocalStorage, type AsyncResource, executionAsyncResource } from 'node:async_hooks'

type OnError = (error: unknown, type: string) => void

const current = new AsyncLocalStorage<Domain>()
/** For what happens outside of every test. */
let outermost: Domain | undefined

/** Tap makes one in the scope of each test, and enters that scope for the test's code. */
export class Domain {
  readonly onerror: OnError
  readonly parent: Domain | undefined = current.getStore() ?? outermost
  isDestroyed = false

  constructor(onerror: OnError) {
    this.onerror = onerror
    const scope = executionAsyncResource() as Partial<AsyncResource>
    if (scope.runInAsyncScope === undefined) {
      outermost = this
      return
    }
    const enter = scope.runInAsyncScope.bind(scope)
    scope.runInAsyncScope = (work, self, ...words) =>
      enter(() => current.run(this, () => Reflect.apply(work, self, words)))
  }

  destroy(): void {
    this.isDestroyed = true
  }
}

for (const type of ['uncaughtException', 'unhandledRejection'])
  process.on(type, error => {
    let domain = current.getStore() ?? outermost
    while (domain?.isDestroyed) domain = domain.parent
    if (domain === undefined) throw error
    domain.onerror(error, type)
  })
