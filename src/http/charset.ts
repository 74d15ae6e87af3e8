/** The charset of a form. All forms are read as UTF-8; some libraries name it, or its subset, in another way. */

export type Charset = 'utf-8' | 'ascii or latin1'

/**
 * Labels of the WHATWG Encoding Standard §4.2. A form in Latin-1 is plain ASCII unless something in it is percent-encoded:
 * Apache's HttpClient declares ISO-8859-1 unless told otherwise. Labels that say 1252 are left out: they name yet another encoding.
 */
const charsets: ReadonlyMap<string, Charset> = new Map([
  ...['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'].map(
    label => [label, 'utf-8'] as const,
  ),
  ...[
    ...['us-ascii', 'ascii', 'ansi_x3.4-1968', 'iso-8859-1', 'iso8859-1', 'iso88591', 'iso_8859-1', 'iso_8859-1:1987'],
    ...['iso-ir-100', 'csisolatin1', 'latin1', 'l1', 'cp819', 'ibm819'],
  ].map(label => [label, 'ascii or latin1'] as const),
])

/** Undefined: one in which the form can't be read, or there are several. Without one, it is UTF-8. */
export function charsetOf(contentType: string): Charset | undefined {
  const labels = [...contentType.matchAll(/;\s*charset\s*=\s*"?\s*([^\s";]*)/gi)].map(([, label = '']) =>
    label.toLowerCase(),
  )
  const found = new Set(labels.map(label => charsets.get(label)))
  if (found.size === 0) return 'utf-8'
  return found.size === 1 ? [...found][0] : undefined
}
