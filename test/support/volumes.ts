/** Volumes of which somebody else manages the group, and who uses them. */
import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const trusting = { SIGNET_TRUST_GROUP: 'true' }
/** The message that refuses names the setting. */
export const names = /SIGNET_TRUST_GROUP=true/
/** The service, the group that the volume is given to, and one that nobody is in. */
export const [SERVICE, GROUP, STRANGERS] = [1000, 3000, 54_321]

/** As the kubelet leaves a volume at each start of a pod. */
function mount(path: string, gid?: number): void {
  const stat = lstatSync(path)
  if (gid !== undefined) chownSync(path, stat.uid, gid)
  chmodSync(path, stat.isDirectory() ? (stat.mode & 0o777) | 0o2770 : (stat.mode & 0o777) | 0o660)
  if (stat.isDirectory()) for (const name of readdirSync(path)) mount(join(path, name), gid)
}

export const mountAll = (folder: string, gid?: number) => {
  for (const name of readdirSync(folder)) mount(join(folder, name), gid)
}

export const modesIn = (folder: string): number[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => lstatSync(join(parentPath, name)).mode & 0o777)
