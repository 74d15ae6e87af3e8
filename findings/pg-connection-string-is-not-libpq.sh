#!/usr/bin/env bash
# pg-connection-string, which pg uses: a URL that psql takes can name another database, and another password, in Node.
#
# Seen with pg-connection-string 2.9.1:
#   postgres://app@/?host=/run/pg&dbname=orders   database: null (libpq: orders)
#   postgres://app@db/orders?password=a+b         password: a b (libpq: a+b)
#
# libpq (PostgreSQL's manual, §34.1.1.2) takes every connection parameter in the query, `dbname` among them, and decodes percent signs
# alone. A good engineer would guess that the URL of a deployment which psql, pg_dump and a migration tool use is good for Node, too.
# Here `dbname` is no parameter that anybody knows, so the default database of the user is opened, without a word; and a plus in the
# query is a space, as in a form. Who takes URLs from operators reads these parameters, and says which database was opened.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund pg-connection-string@2.9.1
cat >check.mjs <<'JS'
import connectionString from 'pg-connection-string'

const { database } = connectionString.parse('postgres://app@/?host=/run/pg&dbname=orders')
const { password } = connectionString.parse('postgres://app@db/orders?password=a+b')
console.log(`postgres://app@/?host=/run/pg&dbname=orders   database: ${database} (libpq: orders)`)
console.log(`postgres://app@db/orders?password=a+b         password: ${password} (libpq: a+b)`)
process.exit(database !== 'orders' && password === 'a b' ? 0 : 1)
JS
node check.mjs
