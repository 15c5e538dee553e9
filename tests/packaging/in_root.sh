#!/usr/bin/env bash
# Run by deb_test.sh in a root that may be thrown away: installs /codi.deb, uses it, removes it.
set -euo pipefail
log=/tmp/codi-served
as_codi=(setpriv --reuid codi --regid codi --clear-groups env -i HOME=/var/lib/codi PATH=/usr/bin:/bin)
must() {
  if ! "$@"; then
    echo "failed: $*"
    cat "$log" 2>/dev/null || true
    exit 1
  fi
}

apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 install /codi.deb >/tmp/apt 2>&1 || { cat /tmp/apt; exit 1; }
must getent passwd codi
must test "$(stat -c '%U %a' /etc/codi/codi.toml)" = "root 644"
must systemd-analyze verify codi.service

# What systemd does before it starts the unit.
install -d -m 0700 -o codi -g codi /var/lib/codi
cd /var/lib/codi
"${as_codi[@]}" codi serve --config /etc/codi/codi.toml --listen 127.0.0.1:0 >"$log" 2>&1 &
server=$!
for ((i = 0; i < 600; i++)); do
  if grep -q 'timeline' "$log"; then break; fi
  must kill -0 $server
  sleep 0.1
done
must test "$(stat -c '%U %a' /var/lib/codi/data/bootstrap.json)" = "codi 600"
"${as_codi[@]}" CODI_PROJECT=default codi claim README.md
"${as_codi[@]}" CODI_PROJECT=default codi claims | tee /tmp/claims
must grep -q README.md /tmp/claims
kill $server
must wait $server

# What an operator has written is kept by an upgrade, and the data by everything.
echo 'log_level = "warn"' >>/etc/codi/codi.toml
must dpkg --install /codi.deb >/dev/null
must grep -q warn /etc/codi/codi.toml
must dpkg --purge codi >/dev/null
must test ! -e /usr/bin/codi
must test ! -e /etc/codi/codi.toml
must test -d /var/lib/codi/data
echo "installed, served, claimed, upgraded and removed"
