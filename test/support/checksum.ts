/** The checksum of opaque tokens and API keys, written once more: what the service computes is not what tests believe. */
import { crc32 } from 'node:zlib'

export const checksum = (body: string): string => crc32(body).toString(16).padStart(8, '0')

export const withChecksum = (body: string): string => `${body}${checksum(body)}`
