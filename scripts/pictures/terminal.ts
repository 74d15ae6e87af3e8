/** What a terminal shows, as a picture: the text that a command prints, with its colours. */
import { stripVTControlCharacters } from 'node:util'
import { escaped, toSvg } from './svg.ts'

const LINE_HEIGHT = 18
const MARGIN = 16
/** Of one character, in the font of the picture. */
const CHARACTER_WIDTH = 7.83
const COLUMNS = 80

const style = `
  .window { fill: #0d1117; stroke: #3d444d }
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d1d7e0; white-space: pre }
  .typed { fill: #ffffff; font-weight: 600 }
  .s1 { font-weight: 700 } .s31 { fill: #ff7b72 } .s32 { fill: #7ee787 } .s33 { fill: #f2cc60 }`

/** ECMA-48 SGR: colours and weights are opened by a number, and closed by 0, 22 or 39. */
const ESCAPE = /\x1b\[([\d;]*)m/

function line(text: string, y: number, look: string): string {
  const [first = '', ...rest] = text.split(ESCAPE)
  let open: string[] = []
  const spans = [escaped(first)]
  for (let at = 0; at < rest.length; at += 2) {
    const codes = (rest[at] ?? '').split(';')
    open = codes.some(code => ['', '0', '22', '39'].includes(code)) ? [] : [...open, ...codes]
    const part = escaped(rest[at + 1] ?? '')
    spans.push(open.length === 0 ? part : `<tspan class="${open.map(code => `s${code}`).join(' ')}">${part}</tspan>`)
  }
  return `<text x="${MARGIN}" y="${y}" xml:space="preserve"${look && ` class="${look}"`}>${spans.join('')}</text>`
}

export interface Typed {
  readonly command: string
  /** With escape sequences. */
  readonly printed: string
}

/** @throws when a line is wider than the terminal */
export function terminal(title: string, all: readonly Typed[]): string {
  const lines = all.flatMap(({ command, printed }, index) => [
    ...(index === 0 ? [] : [{ text: '', look: '' }]),
    { text: `$ ${command}`, look: 'typed' },
    ...printed
      .trimEnd()
      .split('\n')
      .map(text => ({ text, look: '' })),
  ])
  const tooWide = lines.find(({ text }) => stripVTControlCharacters(text).length > COLUMNS)
  if (tooWide !== undefined) throw new Error(`It is wider than ${COLUMNS} columns: ${tooWide.text}`)
  return toSvg({
    width: Math.ceil(COLUMNS * CHARACTER_WIDTH) + 2 * MARGIN,
    height: lines.length * LINE_HEIGHT + 2 * MARGIN,
    title,
    style,
    shapes: [
      '<rect x="0.5" y="0.5" width="99.9%" height="99.9%" rx="8" class="window"/>',
      ...lines.map(({ text, look }, index) => line(text, MARGIN + LINE_HEIGHT * (index + 0.75), look)),
    ],
  })
}
