/** The posts of the resource API, as a list. */
import { inLocalTime } from './time.js'

const list = document.getElementById('posts')

function itemFor({ title, author, created_at: at }, ownId) {
  const item = document.createElement('li')
  const about = document.createElement('small')
  // The API knows people by the `sub` of their tokens, which is no name.
  about.textContent = `${author === ownId ? 'You' : author}, ${inLocalTime(at)}`
  item.append(title, about)
  return item
}

/** @param ownId the `sub` of the signed-in user */
export function showPosts(posts, ownId) {
  list.replaceChildren(...posts.map(post => itemFor(post, ownId)))
}
