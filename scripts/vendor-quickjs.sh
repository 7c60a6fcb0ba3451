#!/usr/bin/env bash
# Fetches the sources of QuickJS-ng into Shared/CQuickJS/upstream. Does nothing when they are there.
set -euo pipefail

version=0.17.0.2
sha256=43d2e48272208721a7aaea8e3f02d4b9318f12ef20cc4f5421b59d9a470706ef

target="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/Shared/CQuickJS/upstream"
marker="$target/.version"
if [[ -f "$marker" && "$(cat "$marker")" == "$version" ]]; then
    echo "quickjs-ng $version is already in $target"
    exit 0
fi

if command -v pip >/dev/null && pip --version >/dev/null 2>&1; then
    pip=(pip)
else
    pip=(python3 -m pip)
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if ! "${pip[@]}" download --quiet --no-deps --no-binary :all: --dest "$work" "quickjs-ng==$version" \
    >"$work/pip.log" 2>&1; then
    cat "$work/pip.log" >&2
    exit 1
fi
echo "$sha256  $work/quickjs_ng-$version.tar.gz" | sha256sum --check --quiet >&2

# The marker comes last: a run that was interrupted is done again.
mkdir "$work/upstream"
tar -xzf "$work/quickjs_ng-$version.tar.gz" -C "$work/upstream" --strip-components=2 --no-same-owner \
    --wildcards '*/upstream-quickjs/*'
rm -rf "$target"
mkdir -p "$target"
cp "$work/upstream"/* "$target/"
echo "$version" >"$marker"
echo "quickjs-ng $version fetched into $target"
