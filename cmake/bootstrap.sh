#!/usr/bin/env bash
# Installs what a build of libflow needs and is missing: Debian/Ubuntu packages, and Arrow C++ from the system or from the
# pinned pyarrow wheel unpacked in build/deps. Safe to repeat. Prints progress.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
deps="$root/build/deps"
arrow_version=26.0.1

packages=(g++ make cmake ninja-build git pkg-config ccache mold bison flex python3 python3-pip
          libcaf-dev librdkafka-dev liblmdb-dev nlohmann-json3-dev libboost-test-dev libsimdjson-dev libre2-dev
          libxxhash-dev libhowardhinnant-date-dev libcli11-dev libspdlog-dev)
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "bootstrap: installing ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "bootstrap: no apt-get here; install these packages' equivalents by hand: ${missing[*]}" >&2
    exit 1
  fi
  sudo=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "bootstrap: neither root nor sudo; install by hand: ${missing[*]}" >&2; exit 1; }
    sudo=sudo
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ -f "$deps/pyarrow/.version" ] && [ "$(cat "$deps/pyarrow/.version")" = "$arrow_version" ]; then
  exit 0
fi
echo "bootstrap: fetching Arrow C++ $arrow_version (the pyarrow wheel) into build/deps"
mkdir -p "$deps/wheel"
python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 --implementation cp \
  --platform "manylinux_2_28_$(uname -m)" -d "$deps/wheel" "pyarrow==$arrow_version"
rm -rf "$deps/pyarrow"
python3 -m zipfile -e "$deps"/wheel/pyarrow-"$arrow_version"-*.whl "$deps"
rm -rf "$deps/wheel"
echo "$arrow_version" > "$deps/pyarrow/.version"
