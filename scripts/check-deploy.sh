#!/usr/bin/env bash
# Checks deploy/ as far as that goes without a Docker engine: the compose file against its schema, the Dockerfile by
# hadolint, every setting against docs/OPERATIONS.md, every executable against Package.swift.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=.venv/bin

[[ -x $bin/check-jsonschema && -x $bin/hadolint ]] || {
    echo "check-jsonschema and hadolint are missing: make test installs them into .venv"
    exit 1
}
"$bin/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose.yaml
"$bin/hadolint" deploy/Dockerfile

for variable in $(grep -ohE '\bTOCSIN_[A-Z_]+' deploy/compose.yaml deploy/env.example deploy/Dockerfile | sort -u); do
    grep -q "\`$variable\`" docs/OPERATIONS.md || { echo "deploy/ names $variable, which is no setting"; exit 1; }
done

for executable in $(sed -nE 's/.*command: \["([a-z-]+)".*/\1/p' deploy/compose.yaml | sort -u); do
    grep -qE "executable\(\"$executable\"|executable\($" Package.swift && grep -q "\"$executable\"" Package.swift \
        || { echo "deploy/compose.yaml starts $executable, which is no executable"; exit 1; }
done

for image in $(sed -nE 's/^ *image: ([^ ]+).*/\1/p' deploy/compose.yaml); do
    [[ $image =~ ^[a-z0-9./-]+:[A-Za-z0-9._-]+$ ]] || { echo "$image is no image with a tag"; exit 1; }
done
for target in $(sed -nE 's/^ *- ([a-z0-9-]+):8080$/\1/p' deploy/prometheus/prometheus.yml); do
    grep -qE "^  $target:" deploy/compose.yaml || { echo "prometheus.yml scrapes $target, which is no service"; exit 1; }
done
echo "deploy/ is in order."
