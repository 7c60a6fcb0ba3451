#!/usr/bin/env bash
# Fuzzes what takes bytes from outside: Fuzz/run.sh [SECONDS for each target] [TARGET…]
# Finds are kept in .build/crashes, new seeds in .build/corpus; `Fuzz/run.sh 0` only runs the seeds that are kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds=${1:-600}
shift || true
targets=("$@")
[[ $# -gt 0 ]] || targets=(door body workflow xml)
# Coverage for our own modules and those they are built with; errors of memory are the address sanitizer's.
# Otherwise libFuzzer does not get to keep the bytes of a crash.
export SWIFT_BACKTRACE=enable=no
swift build -c release -Xswiftc -sanitize=fuzzer
for target in "${targets[@]}"; do
    mkdir -p ".build/corpus/$target" .build/crashes
    echo "== $target"
    options=(-artifact_prefix=".build/crashes/$target-" -print_final_stats=1 -rss_limit_mb=2048 -timeout=10)
    if [[ $seconds -eq 0 ]]; then
        .build/release/fuzz "$target" "${options[@]}" -runs=0 "seeds/$target"
    else
        .build/release/fuzz "$target" "${options[@]}" -max_total_time="$seconds" ".build/corpus/$target" "seeds/$target"
    fi
done
