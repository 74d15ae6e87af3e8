/** What is said about the page as a whole: an error, which is read out at once, or a notice. */
import { inWords } from './errors.js'

const errorPlace = document.getElementById('error')
const noticePlace = document.getElementById('notice')

const put = (place, text) => {
  place.textContent = text
  place.scrollIntoView({ block: 'nearest' })
}

export const sayError = error => put(errorPlace, inWords(error))
export const sayNotice = text => put(noticePlace, text)

export function clearMessages() {
  for (const place of [errorPlace, noticePlace]) place.textContent = ''
}
