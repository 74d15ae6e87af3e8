/** Where the version of a release is written: all places must agree. */

/** In each file the first match tells. Of the changelog that is the newest version, below what is not released yet. */
const places: readonly (readonly [file: string, pattern: RegExp])[] = [
  ['package.json', /^ {2}"version": "(.+)"/m],
  ['package-lock.json', /^ {2}"version": "(.+)"/m],
  ['verifier/package.json', /^ {2}"version": "(.+)"/m],
  // Of another version npm would ask the registry, and not the folder beside it.
  ['examples/resource-api/package.json', /"@signet\/verifier": "(.+)"/],
  ['verifier-python/pyproject.toml', /^version = "(.+)"/m],
  ['openapi.yaml', /^ {2}version: (.+)/m],
  ['CHANGELOG.md', /^## \[(\d.*?)\]/m],
  ['docs/tutorial.md', /signet-verifier-(.+?)\.tgz/],
  ['verifier/README.md', /signet-verifier-(.+?)\.tgz/],
  ['deploy/kubernetes/sqlite.yaml', /image: .+\/signet:(.+)/],
  ['deploy/kubernetes/postgres/signet.yaml', /image: .+\/signet:(.+)/],
  ['deploy/kubernetes/postgres/migrate.yaml', /image: .+\/signet:(.+)/],
]

/**
 * @param read the text of a file of the checkout
 * @returns the version of package.json, and a sentence for each place that has another one, or none
 */
export function versionsIn(read: (file: string) => string): { version: string; mistakes: readonly string[] } {
  const found = places.map(([file, pattern]) => ({ file, version: pattern.exec(read(file))?.[1] }))
  const version = found[0]?.version ?? ''
  const others = found.filter(place => place.version !== version)
  const mistakes = others.map(
    place => `${place.file} has ${place.version ?? 'no version'}, package.json has ${version}`,
  )
  return { version, mistakes }
}
