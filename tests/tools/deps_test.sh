#!/usr/bin/env bash
# tools/deps against stand-ins for dpkg-query, apt-get, id and sudo that note how they were called.
# shellcheck disable=SC2016 # what is quoted singly expands in the stand-ins, not here
set -euo pipefail
deps=$(cd "$(dirname "$0")/../.." && pwd)/tools/deps
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bin=$folder/bin
calls=$folder/calls
mkdir "$bin"
for tool in bash awk env dirname; do ln -s "$(command -v "$tool")" "$bin/$tool"; done

stand_in() { printf '#!/bin/bash\n%s\n' "$2" >"$bin/$1" && chmod +x "$bin/$1"; }
# Says that every package asked for is installed, but those named in $MISSING.
stand_in dpkg-query 'shift 3; for p; do case " $MISSING " in *" $p "*) ;; *) echo "$p installed";; esac; done'
stand_in apt-get 'echo "apt-get ${*: -1}" >>"$CALLS"; [[ ${*: -1} != update ]] || exit "${UPDATE_STATUS:-0}"'
stand_in id 'echo "${FAKE_UID:-0}"'

run() {
  : >"$calls"
  status=0
  output=$(env PATH="$bin" CALLS="$calls" "$@" 2>&1) || status=$?
}
expect() {
  local what=$1
  shift
  if ! "$@"; then
    echo "failed: $what (status $status, output: $output, calls: $(<"$calls"))"
    exit 1
  fi
}

run MISSING="" "$deps" run test lint
expect "npm is asked for where there is none" test "$status" = 0
expect "nothing missing calls nothing" test ! -s "$calls"
expect "nothing missing says nothing" test -z "$output"

run MISSING=cmake "$deps" run
expect "a missing package is installed after an update" test "$(<"$calls")" = $'apt-get update\napt-get cmake'

run MISSING=cmake UPDATE_STATUS=100 "$deps" run
expect "lists that can't be fetched don't stop the install" test "$(<"$calls")" = $'apt-get update\napt-get cmake'

run MISSING=shellcheck "$deps" run test
expect "a package of another group is not asked for" test ! -s "$calls"

run MISSING=npm "$deps" test
expect "npm is installed where there is none" grep -q "apt-get npm" "$calls"
stand_in npm true
run MISSING=npm "$deps" test
expect "npm from elsewhere is enough" test ! -s "$calls"

run MISSING=cmake FAKE_UID=1000 "$deps" run
expect "without root and sudo it fails" test "$status" = 1
expect "and says what root should run" grep -q "apt-get install cmake" <<<"$output"
stand_in sudo 'echo sudo >>"$CALLS"; exec "$@"'
run MISSING=cmake FAKE_UID=1000 "$deps" run
expect "with sudo it goes on" test "$(<"$calls")" = $'sudo\napt-get update\nsudo\napt-get cmake'

run MISSING="" "$deps" nonsense
expect "an unknown group is an error" test "$status" = 2

rm "$bin/dpkg-query"
run "$deps" run
expect "elsewhere it names the packages" grep -q "clang-19" <<<"$output"
expect "and goes on" test "$status" = 0
