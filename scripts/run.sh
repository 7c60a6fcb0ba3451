#!/usr/bin/env bash
# make run: installs what is missing, builds, and shows Tocsin at work. Leaves nothing running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh
logs=$PWD/.test/logs/run
mkdir -p "$logs"
total=3

packages=(librdkafka-dev libpq-dev libsqlite3-dev libzip-dev libcurl4-openssl-dev libc-ares-dev libxml2-dev libgmime-3.0-dev pkg-config python3 ca-certificates)
command -v pip >/dev/null || packages+=(python3-pip)

build() {
    need_swift
    swift build "${SWIFT_FLAGS[@]}" --product script-sandbox
    swift build "${SWIFT_FLAGS[@]}" --product tocsin
}

step "installing what is missing" install "${packages[@]}"
step "fetching QuickJS-ng and xmldom" fetch_sources
step "building (some minutes the first time)" build
echo
exec "$(swift build "${SWIFT_FLAGS[@]}" --show-bin-path)/tocsin" demo --port 0
