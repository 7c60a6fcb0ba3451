#!/usr/bin/env bash
# Fetches Debian's package of xmldom and writes its modules as C into Shared/CXMLDOM/upstream. Does nothing when they
# are there.
set -euo pipefail

version=0.8.6-1
sha256=0736ac9060edaa5cc9479c4efa65a43120c361353845e67d38e7089d808167ee
file=node-xmldom_${version}_all.deb

target="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/Shared/CXMLDOM/upstream"
marker="$target/.version"
if [[ -f "$marker" && "$(cat "$marker")" == "$version" ]]; then
    echo "xmldom $version is already in $target"
    exit 0
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# apt's user has to be able to write here when root asks.
chmod 755 "$work"

get() { # URL: with what every machine has that can build the rest
    python3 -c 'import sys, urllib.request as r; open(sys.argv[2], "wb").write(r.urlopen(sys.argv[1], timeout=60).read())' \
        "$1" "$work/$file"
}
is_right() { echo "$sha256  $work/$file" | sha256sum --check --status 2>/dev/null; }
fetch() {
    # The system's own mirror first; then where the version stays when Debian has a newer one.
    if command -v apt-get >/dev/null; then
        (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "node-xmldom=$version") && is_right && return
    fi
    for place in https://deb.debian.org/debian/pool/main/n/node-xmldom \
        https://snapshot.debian.org/archive/debian/20230601T000000Z/pool/main/n/node-xmldom; do
        get "$place/$file" && is_right && return
    done
    return 1
}
if ! fetch >"$work/fetch.log" 2>&1; then
    cat "$work/fetch.log" >&2
    echo "cannot fetch $file with SHA-256 $sha256" >&2
    exit 1
fi

# A .deb is an ar archive with a tar inside.
python3 - "$work/$file" "$work/data.tar.xz" <<'PYTHON'
import sys

archive = open(sys.argv[1], "rb").read()
position = 8
while position < len(archive):
    header = archive[position : position + 60]
    size = int(header[48:58])
    if header[:16].startswith(b"data.tar.xz"):
        open(sys.argv[2], "wb").write(archive[position + 60 : position + 60 + size])
    position += 60 + size + size % 2
PYTHON
mkdir "$work/package" "$work/upstream"
python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$work/data.tar.xz" "$work/package"
library="$work/package/usr/share/nodejs/@xmldom/xmldom/lib"

python3 - "$library" "$work/upstream/modules.c" <<'PYTHON'
import pathlib, sys

modules = sorted(pathlib.Path(sys.argv[1]).glob("*.js"))
lines = ['#include "../include/CXMLDOM.h"', ""]
for number, module in enumerate(modules):
    source = module.read_bytes()
    lines.append(f"static const unsigned char source_{number}[] = {{")
    for start in range(0, len(source), 24):
        lines.append("".join(f"{byte}," for byte in source[start : start + 24]))
    lines.append("};")
lines.append("const struct tocsin_module tocsin_xmldom_modules[] = {")
for number, module in enumerate(modules):
    lines.append(f'    {{"{module.stem}", source_{number}, sizeof(source_{number})}},')
lines += ["};", f"const size_t tocsin_xmldom_module_count = {len(modules)};", ""]
pathlib.Path(sys.argv[2]).write_text("\n".join(lines))
PYTHON
cp "$work/package/usr/share/doc/node-xmldom/copyright" "$work/upstream/COPYRIGHT"

# The marker comes last: a run that was interrupted is done again.
rm -rf "$target"
mkdir -p "$target"
cp "$work/upstream"/* "$target/"
echo "$version" >"$marker"
echo "xmldom $version fetched into $target"
