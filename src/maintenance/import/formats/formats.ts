/** Every format, by the name that the operator gives. */
import type { Format } from './format.ts'
import { signet } from './signet.ts'

export const formats = { signet } as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof formats

export const formatNames = Object.keys(formats) as readonly FormatName[]
