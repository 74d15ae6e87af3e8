#!/usr/bin/env bash
# wordpress-hash-node: whoever has a letter beyond ASCII in the password can't sign in with what WordPress has stored, nor the other way round.
#
# Seen with wordpress-hash-node 1.0.0 of npm and passlib 1.7.4, which agrees with WordPress' own class-phpass.php:
#   correct horse: passlib's hash true, and wordpress-hash-node's true
#   Bäume:         passlib's hash false, and wordpress-hash-node's false
#   10 €:          passlib's hash false, and wordpress-hash-node's false
#
# PHP hashes bytes, and a form sends UTF-8. A good engineer would guess that a port of phpass does the same, as the tests of a port, with their
# ASCII passwords, show. This one gives the text to MD5 as Latin-1: one byte for ä, and of € the lower half of its number, which another
# letter has, too. Some people of a migrated WordPress are refused, and nobody finds out with a test account. The bytes of the
# password, each as one character (Buffer.from(password).toString('latin1')), make it compute what WordPress does.
#
# Runs in a folder of its own, with packages of PyPI and the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check passlib==1.7.4
npm init -y >/dev/null
npm install --silent --no-audit --no-fund wordpress-hash-node@1.0.0
cat >check.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import phpass from 'wordpress-hash-node'

const passlib = (code, ...words) =>
  execFileSync('python/bin/python', ['-c', `import sys; from passlib.hash import phpass; print(${code})`, ...words], { encoding: 'utf8' }).trim()

const answers = []
for (const password of ['correct horse', 'Bäume', '10 €']) {
  // As many rounds as WordPress.
  const written = passlib('phpass.using(rounds=13).hash(sys.argv[1])', password)
  const there = phpass.CheckPassword(password, written)
  const back = passlib('phpass.verify(sys.argv[1], sys.argv[2])', password, phpass.HashPassword(password)) === 'True'
  const mended = phpass.CheckPassword(Buffer.from(password).toString('latin1'), written)
  console.log(`${`${password}:`.padEnd(15)}passlib's hash ${there}, and wordpress-hash-node's ${back}`)
  answers.push(there, back, mended)
}
process.exit(answers.join() === 'true,true,true,false,false,true,false,false,true' ? 0 : 1)
JS
node check.mjs
