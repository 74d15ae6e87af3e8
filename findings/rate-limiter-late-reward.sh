#!/usr/bin/env bash
# rate-limiter-flexible: a point that is given back after its window has ended is credit in a new window.
#
# Seen with rate-limiter-flexible 11.4.0 (in memory, and on SQLite with better-sqlite3 12.4.1): two points a second; one is taken, the
# window ends, `reward` gives the point back, and then as many are taken as there are:
#   in memory: reward answers -1 consumed, then 3 of 5 pass
#   SQLite:    reward answers -1 consumed, then 3 of 5 pass
#
# `reward` is how a limit counts failures only: take a point before the slow check of a password, give it back when the password was
# right. A good engineer would guess that giving back ends at zero, or does nothing when there is no window. It makes a record of its
# own instead, with a whole new duration and fewer than no points, and each late one adds to it. Who gives points back asks first
# whether the window is still the one in which they were taken, or does it with an UPDATE of a row that is there.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all rate-limiter-flexible@11.4.0 better-sqlite3@12.4.1 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund rate-limiter-flexible@11.4.0 better-sqlite3@12.4.1
cat >check.mjs <<'JS'
import Sqlite from 'better-sqlite3'
import limits from 'rate-limiter-flexible'

const allowance = { points: 2, duration: 1 }
const store = { storeClient: new Sqlite(':memory:'), storeType: 'better-sqlite3', tableName: 'points' }
const onSqlite = await new Promise((resolve, reject) => {
  const limiter = new limits.RateLimiterSQLite({ ...allowance, ...store }, error => (error ? reject(error) : resolve(limiter)))
})

async function lateReward(limiter) {
  const { msBeforeNext } = await limiter.consume('somebody')
  await new Promise(resolve => setTimeout(resolve, msBeforeNext + 50))
  const { consumedPoints } = await limiter.reward('somebody')
  const tries = await Promise.allSettled(Array.from({ length: 5 }, () => limiter.consume('somebody')))
  return `reward answers ${consumedPoints} consumed, then ${tries.filter(({ status }) => status === 'fulfilled').length} of 5 pass`
}

const seen = [
  `in memory: ${await lateReward(new limits.RateLimiterMemory(allowance))}`,
  `SQLite:    ${await lateReward(onSqlite)}`,
]
console.log(seen.join('\n'))
const expected = 'reward answers -1 consumed, then 3 of 5 pass'
process.exit(seen.every(line => line.endsWith(expected)) ? 0 : 1)
JS
node check.mjs
