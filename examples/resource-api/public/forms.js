/** Work that people start by a form or a button: the button shows that it goes on, and what went wrong is said where it belongs. */
import { SessionEnded } from './errors.js'
import { clearFields, markFields } from './fields.js'
import { clearMessages, sayError } from './messages.js'

/** Does `work` and says what went wrong. While it goes on, another click on the same `element` does nothing. */
export async function attempt(work, element) {
  if (element?.ariaBusy === 'true') return
  element?.setAttribute('aria-busy', 'true')
  clearMessages()
  if (element?.elements) clearFields(element)
  try {
    await work()
  } catch (error) {
    if (element?.elements && error.errors?.length > 0 && markFields(element, error.errors)) return
    // Whoever sees the page now was told that the session is over, and has nothing to do with what else went wrong in it.
    if (!(error instanceof SessionEnded)) sayError(error)
  } finally {
    element?.removeAttribute('aria-busy')
  }
}

/** @param work is given the fields of the form */
export function onSubmit(id, work) {
  const form = document.getElementById(id)
  form.addEventListener('submit', event => {
    event.preventDefault()
    attempt(() => work(form.elements), form)
  })
}

export const onClick = (button, work) => button.addEventListener('click', () => attempt(work, button))

/** Buttons with `data-shows` show the password in the field of that id, until its form is emptied. */
export function addShowButtons() {
  for (const button of document.querySelectorAll('[data-shows]')) {
    const field = document.getElementById(button.dataset.shows)
    const show = isShown => {
      field.type = isShown ? 'text' : 'password'
      button.textContent = isShown ? 'Hide' : 'Show'
      button.ariaLabel = `${button.textContent} the password`
    }
    show(false)
    button.addEventListener('click', () => show(field.type === 'password'))
    field.form.addEventListener('reset', () => show(false))
  }
}
