#!/usr/bin/env bash
# github.com/alexedwards/argon2id: by its defaults a hash has as many lanes as the machine that writes it has processors.
#
# Seen with argon2id v1.0.0, the same program on one processor and on two:
#   one processor:  $argon2id$v=19$m=65536,t=1,p=1$
#   two processors: $argon2id$v=19$m=65536,t=1,p=2$
#
# Everywhere else the default of p is a number (1 in PHP, OWASP's 1, 4 in argon2-cffi), and a good engineer would guess one here: DefaultParams
# looks like a constant, and m and t are. So one table has hashes of the laptop that made the first users (p=8), of the container with two
# processors, and of the server with 64 on which the next release runs. A rule that hashes are made anew when their parameters are not the
# current ones makes them anew on each machine for the other; and who verifies them elsewhere, with a limit on p, refuses
# those of the larger machines. Who uses the library writes Parallelism down.
#
# Runs in a folder of its own, with modules of the Go proxy. Needs Go 1.26, taskset and two processors. Exit code 0: it is still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/alexedwards/argon2id"
)

func main() {
	hash, err := argon2id.CreateHash("correct horse battery staple", argon2id.DefaultParams)
	if err != nil {
		panic(err)
	}
	fmt.Println(hash[:31])
}
GO
export GOFLAGS=-mod=mod
{ "$go" mod init check && "$go" get github.com/alexedwards/argon2id@v1.0.0; } 2>/dev/null
"$go" build -o check .
one=$(taskset --cpu-list 0 ./check)
two=$(taskset --cpu-list 0,1 ./check)
printf 'one processor:  %s\ntwo processors: %s\n' "$one" "$two"
# shellcheck disable=SC2016
[ "$one" = '$argon2id$v=19$m=65536,t=1,p=1$' ] && [ "$two" = '$argon2id$v=19$m=65536,t=1,p=2$' ]
