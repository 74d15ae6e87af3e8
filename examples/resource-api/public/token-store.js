/**
 * Where the tabs of this page keep the refresh token: IndexedDB, in which every tab reads what the last one wrote. In localStorage
 * it may read for some milliseconds what was there before, inside of a lock, too, and two tabs would use one token.
 */
const STORE = 'session'
const NAME = 'refresh_token'

const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open('resource-api', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  opening.onsuccess = () => resolve(opening.result)
  opening.onerror = () => reject(opening.error)
})

/** Does one thing with the store, and is done when that is on the disk. */
async function transact(mode, act) {
  const transaction = (await database).transaction(STORE, mode, { durability: 'strict' })
  const { promise, resolve, reject } = Promise.withResolvers()
  const request = act(transaction.objectStore(STORE))
  transaction.oncomplete = () => resolve(request.result)
  transaction.onabort = () => reject(transaction.error)
  return promise
}

/** @returns undefined when nobody is signed in */
export const readToken = () => transact('readonly', store => store.get(NAME))
export const writeToken = token => transact('readwrite', store => store.put(token, NAME))
export const removeToken = () => transact('readwrite', store => store.delete(NAME))
