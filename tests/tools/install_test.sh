#!/usr/bin/env bash
# install_test.sh BUILD_FOLDER: installs what is built into a folder and looks at every file of it.
set -euo pipefail
build=$1
root=$(mktemp -d)
trap 'rm -rf "$root" "$root.log"' EXIT
failed=0
wrong() {
  echo "wrong: $*"
  failed=1
}

install() { DESTDIR=$root cmake --install "$build" --prefix "$1" >"$root.log" 2>&1 || { cat "$root.log"; exit 1; }; }
install /usr/local

wanted="etc/codi/codi.toml
usr/local/bin/codi
usr/local/bin/codi-log
usr/local/lib/systemd/system/codi.service
usr/local/lib/sysusers.d/codi.conf
usr/local/share/bash-completion/completions/codi
usr/local/share/doc/codi/CHANGELOG.md
usr/local/share/doc/codi/README.md
usr/local/share/doc/codi/SECURITY.md
usr/local/share/doc/codi/examples/codi-fdb.conf
usr/local/share/doc/codi/examples/codi.toml
usr/local/share/doc/codi/examples/haproxy.cfg
usr/local/share/fish/vendor_completions.d/codi.fish
usr/local/share/man/man1/codi-log.1
usr/local/share/man/man1/codi.1
usr/local/share/man/man5/codi.toml.5
usr/local/share/man/man8/codi-serve.8
usr/local/share/zsh/site-functions/_codi"
found=$(cd "$root" && find . -type f -printf '%P\n' | sort)
[[ $found == "$wanted" ]] || wrong "installed is $(diff <(echo "$wanted") <(echo "$found") || true)"
loose=$(find "$root" -mindepth 1 -perm /022)
[[ -z $loose ]] || wrong "others may write to $loose"
"$root/usr/local/bin/codi" --version >/dev/null || wrong "codi does not start"
"$root/usr/local/bin/codi-log" --version >/dev/null || wrong "codi-log does not start"

for page in "$root"/usr/local/share/man/man*/*; do
  mandoc -T lint -W warning "$page" || wrong "$page"
  said=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
  [[ -z $said ]] || wrong "$page: $said"
done

# The settings that come with it are settings that the server takes; so is each that is commented out and has a value.
settings=$root/etc/codi/codi.toml
sed -i 's/^#\(\w* = .\)/\1/' "$settings"
XDG_STATE_HOME=$root/state "$root/usr/local/bin/codi" serve --config "$settings" --listen 127.0.0.1:0 --store "rocksdb:$root/data" \
  >"$root.log" 2>&1 &
server=$!
for ((i = 0; i < 600; i++)); do
  if grep -q 'listens on' "$root.log" || ! kill -0 $server 2>/dev/null; then break; fi
  sleep 0.1
done
kill $server 2>/dev/null || true
wait $server || wrong "codi.toml: $(<"$root.log")"

# A second installation keeps what an operator has written.
echo "# mine" >>"$settings"
install /usr/local
grep -q '^# mine$' "$settings" || wrong "settings were written over"

# The unit, as it stands where it is installed. Its program and manual are not on this machine.
unit=$root/usr/local/lib/systemd/system/codi.service
grep -q '^ExecStart=/usr/local/bin/codi serve --config /etc/codi/codi.toml$' "$unit" || wrong "ExecStart of the unit"
sed -i "s|^ExecStart=/usr/local|ExecStart=$root/usr/local|; /^Documentation=/d" "$unit"
verify() {
  said=$(systemd-analyze verify --man=no "$unit" 2>&1 || echo failed)
  [[ -z $said ]] || wrong "systemd-analyze verify: $said"
}
verify
mkdir "$unit.d"
cp "$root/usr/local/share/doc/codi/examples/codi-fdb.conf" "$unit.d"
verify
exit $failed
