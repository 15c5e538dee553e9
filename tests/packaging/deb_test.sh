#!/usr/bin/env bash
# deb_test.sh FOLDER: the Debian package in FOLDER. lintian looks at it; then, as root, it is installed in a copy-on-write view of
# this system's root, where the account codi runs the server, a client claims a file, and the package is removed again.
set -euo pipefail
deb=$(ls "$1"/codi_*.deb)

# Warnings count too, but for one that is about an upload to Debian's archive.
lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$deb"

conffiles=$(dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./conffiles)
if [[ $conffiles != /etc/codi/codi.toml ]]; then
  echo "conffiles are: $conffiles"
  exit 1
fi
if (($(id -u) != 0)); then
  echo "not root: it is not installed"
  exit 0
fi

root=$(mktemp -d)
# Mounts end with the namespace, so that nothing stays behind.
trap 'rmdir "$root"' EXIT
script=$(cd "$(dirname "$0")" && pwd)/in_root.sh
# shellcheck disable=SC2016 # expands in the namespace
unshare --mount --propagation private --pid --fork bash -euo pipefail -c '
  root=$1 deb=$2 script=$3
  mount -t tmpfs none "$root"
  mkdir "$root"/{upper,work,merged}
  mount -t overlay none -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/merged"
  mount -t proc none "$root/merged/proc"
  mount --rbind /dev "$root/merged/dev"
  cp "$deb" "$root/merged/codi.deb"
  cp "$script" "$root/merged/in_root.sh"
  chroot "$root/merged" bash -euo pipefail /in_root.sh' in-namespace "$root" "$deb" "$script"
