#!/usr/bin/env bash
# Puts bugs in on purpose, one at a time, and counts how many seeds the simulation takes to find each: a check of the
# check. Usage: scripts/sim-bugs.sh [SEEDS [NAME…]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh
seeds=${1:-200}
shift || true
bugs=("$@")
[[ ${#bugs[@]} -gt 0 ]] || bugs=($(cd Tests/Simulation/Bugs && ls *.patch | sed 's/\.patch$//'))

undo() { [[ -z ${patch:-} ]] || git apply -R "$patch"; patch=; }
trap undo EXIT

for bug in "${bugs[@]}"; do
    git apply "Tests/Simulation/Bugs/$bug.patch"
    patch=Tests/Simulation/Bugs/$bug.patch
    swift build --product simulate "${SWIFT_FLAGS[@]}" >/dev/null 2>&1
    if output=$(.build/debug/simulate --seed 1 --runs "$seeds" --trace 0); then
        echo "$bug: not found in $seeds seeds"
    else
        echo "$bug: found by seed $(sed -n 's/^Broken by seed \([0-9]*\):.*/\1/p' <<<"$output")"
        sed -n '/^Broken by/,/^Again/p' <<<"$output" | sed -n '2,3p'
    fi
    undo
done
