/** What `signet keys rewrap` says. */
import type { RewrapAnswer } from '../maintenance/rewrap.ts'

const count = (kids: readonly unknown[]): string =>
  kids.length === 1 ? '1 private key' : `${kids.length} private keys`

export const describeRewrap = ({ moved, left, copies }: RewrapAnswer) => ({ moved, left, copies })

export function linesOfRewrap({ moved, left, copies }: RewrapAnswer): string[] {
  const lines = [
    moved.length === 0
      ? 'Nothing was moved: what can be read is where it belongs, under the current key'
      : `Moved ${count(moved)}: ${moved.join(', ')}`,
  ]
  if (left.length > 0) lines.push(`${count(left)} left:`, ...left.map(({ problem }) => `  ${problem}`))
  if (copies.length > 0)
    lines.push(
      `${count(copies)} also where they were before. When every server was restarted, run: signet keys rewrap --remove-copies`,
    )
  return lines
}
