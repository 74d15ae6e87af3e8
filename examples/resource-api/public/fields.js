/** What is wrong with the fields of a form, said beside them: of the field `x` in the element `x-error`, by the ids. */

const placeOf = field => document.getElementById(`${field.id}-error`)

const fieldsOf = form => [...form.elements].filter(placeOf)

export function clearFields(form) {
  for (const field of fieldsOf(form)) {
    field.removeAttribute('aria-invalid')
    placeOf(field).textContent = ''
  }
}

/** Puts the cursor in the first of them, whose description is read to whoever can't see it. @returns whether each has a field here */
export function markFields(form, errors) {
  const wrong = fieldsOf(form).filter(({ name }) => errors.some(({ field }) => field === name))
  for (const field of wrong) {
    field.setAttribute('aria-invalid', 'true')
    placeOf(field).textContent = errors.find(error => error.field === field.name).message
  }
  wrong[0]?.focus()
  return errors.length > 0 && wrong.length === errors.length
}
