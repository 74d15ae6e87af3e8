#!/usr/bin/env node
// The `signet` program begins here, in plain JavaScript: of main.ts, an older Node would only say ERR_UNKNOWN_FILE_EXTENSION.
if (process.features.typescript) {
  await import('./main.ts')
} else {
  process.stderr.write(
    `Signet needs a Node that runs TypeScript as it is: 22.18 or later. This is ${process.version}. ` +
      '`npm ci` brings one for this folder, but not with --ignore-scripts (mend it with: npm rebuild node) or --omit=dev (install one).\n',
  )
  process.exitCode = 1
}
