/** What the pictures are drawn with: shapes in SVG, whose colours follow the reader's light or dark page. */

/** Text inside an element. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export interface Drawing {
  /** In pixels. */
  readonly width: number
  readonly height: number
  /** Where it begins. */
  readonly top?: number
  /** What a reader hears who does not see it. */
  readonly title: string
  /** CSS. */
  readonly style: string
  readonly shapes: readonly string[]
}

export const toSvg = ({ width, height, top = 0, title, style, shapes }: Drawing): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 ${top} ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    ...shapes,
    '</svg>',
    '',
  ].join('\n')
