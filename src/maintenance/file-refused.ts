/** Why a file that an operator named is not taken. */

/** What is wrong with the file: nothing was changed. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused'
}

/** Of a code, what people say; nothing of the path, which they gave. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EACCES: 'The file may not be read by this user.',
  EISDIR: 'That is a directory and no file.',
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

/** What was thrown while a file was opened or read, as it is told. */
export function fileRefusal(error: unknown): FileRefused {
  if (error instanceof FileRefused) return error
  return new FileRefused(reasons[codeOf(error)] ?? `The file can't be read (${codeOf(error)}).`)
}
