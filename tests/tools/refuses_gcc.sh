#!/usr/bin/env bash
# Configures with g++ and expects the refusal and its reason. Skipped (77) where there is no g++.
set -euo pipefail
source_dir=$1
if ! command -v g++ >/dev/null; then
  echo "no g++ here"
  exit 77
fi
build_dir=$(mktemp -d)
trap 'rm -rf "$build_dir"' EXIT
if output=$(cmake -S "$source_dir" -B "$build_dir" -G Ninja -DCMAKE_CXX_COMPILER=g++ 2>&1); then
  echo "g++ was accepted"
  exit 1
fi
output=$(tr -s ' \n' ' ' <<<"$output")
for expected in "codi needs clang 19 or newer" "GCC 12 silently miscompiles coroutines"; do
  if [[ $output != *"$expected"* ]]; then
    echo "refused without saying '$expected': $output"
    exit 1
  fi
done
