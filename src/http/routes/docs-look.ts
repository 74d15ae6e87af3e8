/** What makes the API reference Signet's: its name, its icon, and nothing of the program that draws the page. */

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#ac7a16"><circle cx="8" cy="9" r="5" stroke-width="2"/>' +
  '<circle cx="8" cy="3" r="2.5" stroke="none" fill="#ac7a16"/></svg>'

/** The button that chooses between light and dark is in the bar with the logo, which is left out: the system's choice counts. */
const followSystem = `document.documentElement.classList.toggle('dark-mode', matchMedia('(prefers-color-scheme: dark)').matches)`

/** Names and addresses may be longer than a phone is wide. */
const style = `.swagger-ui .info { margin: 30px 0 20px } .swagger-ui .opblock-summary-path { overflow-wrap: anywhere }`

/** Without the bar. */
export const layout = 'BaseLayout'

export const theme = {
  title: 'Signet API reference',
  favicon: [{ filename: 'icon.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: icon }],
  css: [{ filename: 'signet.css', content: style }],
  js: [{ filename: 'signet.js', content: followSystem }],
}
