/** Errors at the fields of a form: that of the field with the id `x` is in the element `x-error`. */

const placeOf = field => document.getElementById(`${field.id}-error`)

const fieldsOf = form => [...form.elements].filter(placeOf)

export function clearFields(form) {
  for (const field of fieldsOf(form)) {
    field.removeAttribute('aria-invalid')
    placeOf(field).textContent = ''
  }
}

/** Moves the cursor to the first wrong field. A wrong password is selected, so that typing replaces it. @returns whether each error has a field here */
export function markFields(form, errors) {
  const wrong = fieldsOf(form).filter(({ name }) => errors.some(({ field }) => field === name))
  for (const field of wrong) {
    field.setAttribute('aria-invalid', 'true')
    placeOf(field).textContent = errors.find(error => error.field === field.name).message
  }
  wrong[0]?.focus()
  if (wrong[0]?.autocomplete.endsWith('password')) wrong[0].select()
  return errors.length > 0 && wrong.length === errors.length
}
