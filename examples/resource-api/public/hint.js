/** A hint below the sign-in form, as the configuration of the service has it: text, in which addresses are links. */

export function showHint(text) {
  const place = document.getElementById('hint')
  place.hidden = false
  place.replaceChildren(
    ...text.split(/(https?:\/\/\S+)/).map((piece, index) => {
      if (index % 2 === 0) return piece
      const link = document.createElement('a')
      link.href = piece
      link.textContent = piece
      return link
    }),
  )
}
