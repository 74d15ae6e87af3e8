#!/usr/bin/env bash
# npm's argon2, as of 0.45: its hashes name p before t, and other libraries of Argon2 do not read them.
#
# Seen with argon2 0.44.0 and 0.45.1 of npm, argon2-cffi 25.1.0 and passlib 1.7.4, each asked about the right password:
#   0.44.0:   $argon2id$v=19$m=65536,t=3,p=4…  argon2-cffi true, passlib true
#   0.45.1:   $argon2id$v=19$m=65536,p=4,t=3…  argon2-cffi VerificationError, passlib ValueError
#   in order: $argon2id$v=19$m=65536,t=3,p=4…  argon2-cffi true, passlib true
#
# The PHC string format says that parameters stand in the order in which the algorithm's specification lists them, and for Argon2 that is
# m, t, p (github.com/P-H-C/phc-string-format); the reference implementation reads no other order. A good engineer would guess that hashes of
# the same library move between languages as they did a version ago. Who leaves npm's argon2 for another library writes the three in
# order first, which changes nothing of what is computed; who reads hashes takes them in any order.
#
# Runs in a folder of its own, with packages of PyPI and the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check argon2-cffi==25.1.0 passlib==1.7.4
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all node@26.10.0 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund node@26.10.0
npm install --silent --no-audit --no-fund --ignore-scripts before@npm:argon2@0.44.0 now@npm:argon2@0.45.1
cat >write.mjs <<'JS'
import before from 'before'
import now from 'now'

const options = { type: now.argon2id, memoryCost: 65536, timeCost: 3, parallelism: 4 }
for (const argon2 of [before, now]) console.log(await argon2.hash('correct horse battery staple', options))
JS
cat >read.py <<'PY'
import re
import sys

from argon2 import PasswordHasher
from passlib.hash import argon2 as passlib


def tried(verify):
    try:
        return str(verify()).lower()
    except Exception as error:
        return type(error).__name__


def answers(text):
    password = "correct horse battery staple"
    return [tried(lambda: PasswordHasher().verify(text, password)), tried(lambda: passlib.verify(password, text))]


before, now = sys.stdin.read().split()
ordered = re.sub(r"(m=\d+),(p=\d+),(t=\d+)", r"\1,\3,\2", now)
seen = [answers(text) for text in (before, now, ordered)]
for what, (cffi, lib) in zip([f"0.44.0:   {before[:30]}", f"0.45.1:   {now[:30]}", f"in order: {ordered[:30]}"], seen):
    print(f"{what}…  argon2-cffi {cffi}, passlib {lib}")
is_so = ordered != now and seen[0] == seen[2] == ["true", "true"] and "true" not in seen[1]
raise SystemExit(not is_so)
PY
node_modules/.bin/node write.mjs | python/bin/python read.py
