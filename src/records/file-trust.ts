/** Whom the files and folders of Signet may belong to, and to whom they may be open. */
import type { Stats } from 'node:fs'

type File = Pick<Stats, 'uid' | 'gid' | 'mode' | 'isDirectory'>

export interface FileTrust {
  mayOwn(file: Pick<File, 'uid'>): boolean
  /** The bits of its mode by which somebody who is not trusted could read or write a file, or change what is in a folder. */
  foreignBits(file: File): number
  /** What helps where the group is not as foreign as it looks, for the end of a sentence; '' where nothing does. */
  advice(file: File): string
}

const OF_A_FILE = 0o077
/** Others may look into a folder. */
const OF_A_FOLDER = 0o022
const OF_THE_GROUP = 0o070
const GROUP_READS_AND_WRITES = 0o060

/**
 * @param trustsGroup somebody else manages the volume (fsGroup, OpenShift, NFS): root makes its folders, and the files are open to a group
 * that this process is in. To all others they never are
 */
export function createFileTrust(trustsGroup: boolean): FileTrust {
  const ours = process.getuid?.()
  const groups = new Set([process.getgid?.(), process.getegid?.(), ...(process.getgroups?.() ?? [])])

  function rules(trusts: boolean) {
    return {
      mayOwn: ({ uid }: Pick<File, 'uid'>) => ours === undefined || uid === ours || (trusts && uid === 0),
      foreignBits(file: File) {
        const bits = file.mode & (file.isDirectory() ? OF_A_FOLDER : OF_A_FILE)
        return trusts && groups.has(file.gid) ? bits & ~OF_THE_GROUP : bits
      },
    }
  }

  const withGroup = rules(true)
  return {
    ...rules(trustsGroup),
    advice(file) {
      const isOpenToUs = file.uid === ours || (file.mode & GROUP_READS_AND_WRITES) === GROUP_READS_AND_WRITES
      const helps = groups.has(file.gid) && isOpenToUs && withGroup.mayOwn(file) && withGroup.foreignBits(file) === 0
      return helps && !trustsGroup
        ? '; or set SIGNET_TRUST_GROUP=true, where somebody else manages the group of the volume (fsGroup)'
        : ''
    },
  }
}

/** A file must be its user's, and closed to everybody else. */
export const ownFilesOnly = (): FileTrust => createFileTrust(false)

/** The command that makes a file of somebody else, or one that is open to others, ours again. */
export function remedyFor(file: string, { uid }: Pick<File, 'uid'>): string {
  const ours = process.getuid?.() ?? uid
  return `${uid === ours ? '' : `chown ${ours} ${file} && `}chmod 600 ${file}`
}
