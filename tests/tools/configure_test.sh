#!/usr/bin/env bash
# tools/configure in a tree of its own, with a stand-in for cmake that notes its arguments.
set -euo pipefail
configure=$(cd "$(dirname "$0")/../.." && pwd)/tools/configure
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/tools" "$folder/bin" "$folder/build/release"
cp "$configure" "$folder/tools/configure"
touch -d '1 hour ago' "$folder/CMakePresets.json"
cat >"$folder/bin/cmake" <<'STAND_IN'
#!/bin/bash
echo "$*" >>"$CALLS"
echo "CODI_TESTS:BOOL=${*: -1:1}" | sed 's/-DCODI_TESTS=//' >build/release/CMakeCache.txt
touch build/release/build.ninja
STAND_IN
chmod +x "$folder/bin/cmake"

expect_calls() {
  local what=$1 tests=$2 expected=$3
  : >"$folder/calls"
  CALLS=$folder/calls PATH=$folder/bin:$PATH "$folder/tools/configure" release "$tests"
  if [[ $(<"$folder/calls") != "$expected" ]]; then
    echo "failed: $what: cmake was called with '$(<"$folder/calls")', expected '$expected'"
    exit 1
  fi
}

expect_calls "an empty tree is configured" OFF "--preset release -DCODI_TESTS=OFF"
expect_calls "a configured one is left alone" OFF ""
expect_calls "tests are added when they are wanted" ON "--preset release -DCODI_TESTS=ON"
expect_calls "and stay" OFF ""
expect_calls "nothing is done twice" ON ""
touch -d '1 hour' "$folder/CMakePresets.json"
expect_calls "changed presets are read again, with the tests that were there" OFF "--preset release -DCODI_TESTS=ON"
rm "$folder/build/release/build.ninja"
touch -d '1 hour ago' "$folder/CMakePresets.json"
expect_calls "a configuration that failed is done again" ON "--preset release -DCODI_TESTS=ON"
