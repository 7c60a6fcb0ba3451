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

# What compose.yaml takes from the environment is in the example, and the other way round.
taken=$(grep -ohE '\$\{[A-Z_]+' deploy/compose.yaml | tr -d '${' | sort -u)
given=$(sed -nE 's/^([A-Z_]+)=.*/\1/p' deploy/env.example | sort -u)
[[ $taken == "$given" ]] || {
    echo "deploy/compose.yaml and deploy/env.example differ in:" $(comm -3 <(echo "$taken") <(echo "$given"))
    exit 1
}

# The image's compiler is at least the one that Package.swift asks for.
wanted=$(sed -nE '1s/.*swift-tools-version: *([0-9.]+).*/\1/p' Package.swift)
offered=$(sed -nE 's/^FROM swift:([0-9.]+)-.*/\1/p' deploy/Dockerfile)
[[ -n $wanted && -n $offered && $(printf '%s\n' "$wanted" "$offered" | sort -V | head -n 1) == "$wanted" ]] || {
    echo "deploy/Dockerfile builds with Swift $offered, Package.swift wants $wanted"
    exit 1
}

for executable in $(sed -nE 's/.*command: \["([a-z-]+)".*/\1/p' deploy/compose.yaml | sort -u); do
    grep -qE "executable\(\"$executable\"|executable\($" Package.swift && grep -q "\"$executable\"" Package.swift \
        || { echo "deploy/compose.yaml starts $executable, which is no executable"; exit 1; }
done

for image in $(sed -nE 's/^ *image: ([^ ]+).*/\1/p' deploy/compose.yaml); do
    [[ $image =~ ^[a-z0-9./-]+:[A-Za-z0-9._-]+$ ]] || { echo "$image is no image with a tag"; exit 1; }
done
for target in $(sed -nE 's/^ *- ([a-z0-9-]+):8080$/\1/p' deploy/prometheus/prometheus.yml); do
    grep -qE "^  $target:" deploy/compose.yaml || {
        echo "prometheus.yml scrapes $target, which is no service"
        exit 1
    }
done
echo "deploy/ is in order."
