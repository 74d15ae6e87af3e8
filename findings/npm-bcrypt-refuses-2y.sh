#!/usr/bin/env bash
# npm's bcrypt answers false for every hash that PHP writes, and for those of htpasswd and Dovecot: it knows no $2y$.
#
# Seen with bcrypt 6.0.0, bcryptjs 3.0.3 and @node-rs/bcrypt 1.10.8 of npm, bcrypt 5.0.0 of PyPI, the right password and PHP's own example:
#   $2y$12$4Umg…: bcrypt false, bcryptjs true, @node-rs/bcrypt true, Python's bcrypt true
#   $2b$12$4Umg…: bcrypt true, bcryptjs true, @node-rs/bcrypt true, Python's bcrypt true
#
# PHP wrote $2y$ when it had mended its bcrypt; $2b$ is what OpenBSD called the same a little later, and every other byte of a hash is equal. A
# good engineer would guess that the library that most Node services use reads both, or throws. It answers as for a wrong password, so a
# migration from PHP looks done until people sign in. Writing $2b$ for $2y$ makes all of them match.
#
# Runs in a folder of its own, with packages of PyPI and the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check bcrypt==5.0.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts bcrypt@6.0.0 bcryptjs@3.0.3 @node-rs/bcrypt@1.10.8
cat >check.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import napi from '@node-rs/bcrypt'
import bcrypt from 'bcrypt'
import bcryptjs from 'bcryptjs'

// https://www.php.net/manual/en/function.password-verify.php
const password = 'rasmuslerdorf'
const written = '$2y$12$4Umg0rCJwMswRw/l.SwHvuQV01coP0eWmGzd61QH2RvAOMANUBGC.'

const inPython = hash => {
  const code = 'import bcrypt, sys; print(bcrypt.checkpw(sys.argv[1].encode(), sys.argv[2].encode()))'
  return execFileSync('python/bin/python', ['-c', code, password, hash], { encoding: 'utf8' }).trim() === 'True'
}

const answers = []
for (const hash of [written, written.replace('$2y$', '$2b$')]) {
  const seen = [await bcrypt.compare(password, hash), await bcryptjs.compare(password, hash), await napi.verify(password, hash), inPython(hash)]
  console.log(`${hash.slice(0, 11)}…: bcrypt ${seen[0]}, bcryptjs ${seen[1]}, @node-rs/bcrypt ${seen[2]}, Python's bcrypt ${seen[3]}`)
  answers.push(...seen)
}
process.exit(answers.join() === 'false,true,true,true,true,true,true,true' ? 0 : 1)
JS
node check.mjs
