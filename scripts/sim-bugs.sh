#!/usr/bin/env bash
# Puts bugs in on purpose, one at a time, and says which seed is the first by which the simulation finds each, or with
# ALL=1 how many of them do: a check of the check. Usage: scripts/sim-bugs.sh [SEEDS [NAME…]]
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
    if ! built=$(swift build --product simulate "${SWIFT_FLAGS[@]}" 2>&1); then
        echo "$bug: does not build"
        grep -m 3 error: <<<"$built"
        exit 1
    fi
    if output=$(.build/debug/simulate --seed 1 --runs "$seeds" --trace 0 ${ALL:+--all}); then
        echo "$bug: not found in $seeds seeds"
    elif [[ -n ${ALL:-} ]]; then
        echo "$bug: $(tail -n 1 <<<"$output")"
    else
        echo "$bug: found by seed $(sed -n 's/^Broken by seed \([0-9]*\):.*/\1/p' <<<"$output")"
        sed -n '/^Broken by/,/^Again/p' <<<"$output" | sed -n '2,3p'
    fi
    undo
done
