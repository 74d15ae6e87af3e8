/** The parts of the page, of which one is there at a time. */
import { clearFields } from './fields.js'

const byId = id => document.getElementById(id)

/** What gets the focus when a part appears. */
const firstOf = {
  'sign-in': 'username',
  'sign-up': 'new-username',
  'forgot-password': 'login',
  'set-password': 'new-password',
  'signed-in': 'who',
}

const name = document.title

/** All forms are emptied: what one user typed must not be there for the next. */
export function showPart(part) {
  for (const form of document.forms) {
    form.reset()
    clearFields(form)
  }
  for (const id of Object.keys(firstOf)) byId(id).hidden = id !== part
  const heading = byId(`${part}-heading`)
  document.title = heading ? `${heading.textContent} – ${name}` : name
  byId(firstOf[part]).focus()
}
