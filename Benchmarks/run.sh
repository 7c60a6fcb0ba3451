#!/usr/bin/env bash
# make bench: builds optimised, and measures beside yardsticks in one run. Prints what RESULTS.md holds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd .. && pwd)
bin=$PWD/.build/release
work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    "$root/scripts/test-postgres.sh" remove 15439 >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

ready() { for _ in $(seq 200); do curl -sf "$1" >/dev/null && return; sleep 0.1; done; echo "$1 does not answer"; exit 1; }

serve() { # NAME PORT: the all-in-one server in a directory of its own
    TOCSIN_ADMIN_USER=bench TOCSIN_ADMIN_PASSWORD=bench TOCSIN_OUTBOUND_ALLOW=127.0.0.0/8 TOCSIN_LOG_LEVEL=error \
        TOCSIN_INBOUND_RATE=0 TOCSIN_ALERT_FLOOD_LIMIT=0 \
        "$bin/tocsin" serve --data "$work/$1" --port "$2" >"$work/$1.log" 2>&1 &
    pids+=($!)
    ready "http://127.0.0.1:$2/health/ready"
}

command -v wrk >/dev/null || { echo "install wrk"; exit 1; }
# The product's executables and the benchmark's share one folder, so that they share what they are made of.
[[ -n ${SKIP_BUILD:-} ]] || (cd "$root" && swift build -c release --scratch-path "$PWD/Benchmarks/.build" && swift build -c release --package-path Benchmarks)

echo "== disk: $(dd if=/dev/zero of="$work/dd" bs=512 count=500 oflag=dsync 2>&1 | tail -1)"

echo "== 1. accepts: a constant answer, then the door (everything behind it running)"
"$bin/bench" constant --port 18191 & pids+=($!); constant=$!
ready_post() { for _ in $(seq 100); do curl -sf -XPOST "$1" -d x >/dev/null && return; sleep 0.1; done; }
ready_post http://127.0.0.1:18191/x
wrk -t1 -c64 -d8s --latency -s post.lua http://127.0.0.1:18191/x | grep -E "99%|Requests/sec|Non-2xx"
kill "$constant"
serve door 18192
trigger=$(python3 setup.py http://127.0.0.1:18192 bench bench 0)
wrk -t1 -c64 -d8s --latency -s post.lua "http://127.0.0.1:18192$trigger" | grep -E "99%|Requests/sec|Non-2xx"
kill "${pids[-1]}"; wait "${pids[-1]}" 2>/dev/null || true

echo "== 2. log: best SQL batch by pgbench, then ours"
eval "$("$root/scripts/test-postgres.sh" start 15439 2>/dev/null | tail -1)"
psql=(psql -q "$TEST_POSTGRES_URL")
"${psql[@]}" -c "CREATE TABLE best (partition_name text, position bigint, stream text, version bigint, type text, data text, actor text, causation text, correlation text, recorded_at bigint, hash text, PRIMARY KEY (partition_name, position)); CREATE UNIQUE INDEX best_stream ON best (stream, version); CREATE INDEX best_correlation ON best (correlation); CREATE SEQUENCE best_seq INCREMENT 1000"
cat >"$work/best.sql" <<'SQL'
\set p random(1, 1000000000)
INSERT INTO best SELECT 'bench/' || :client_id, s.base + i, 'bench-' || :p || '-' || s.base + i, 1, 'bench.happened', '{"title":"Disk usage over 90%","host":"db-01","region":"eu-west-1","value":92.5,"labels":{"env":"prod","service":"billing","team":"dba"}}', '<bench>', 'none', 'run', 1790000000000, '0123456789012345678901234567890123456789012345678901234567890123' FROM (SELECT nextval('best_seq') AS base) s, generate_series(1, 1000) i;
SQL
pgbench -n -c 4 -j 2 -T 8 -f "$work/best.sql" "$TEST_POSTGRES_URL" 2>/dev/null | awk '/^tps/ { print "pgbench, INSERT of 1000 rows made in the server, 4 clients: " int($3 * 1000) " rows/s" }'
for batch in 100 1000; do "$bin/bench" log --postgres "$TEST_POSTGRES_URL" --batch "$batch" --writers 4; done
for batch in 1 100 1000; do "$bin/bench" log --batch "$batch" --writers 4; done

echo "== 3. from the 202 to the first byte at the target"
serve latency 18193
trigger=$(python3 setup.py http://127.0.0.1:18193 bench bench 18194)
for rate in 100 250 500; do
    "$bin/bench" latency --trigger "http://127.0.0.1:18193$trigger" --sink-port 18194 --rate "$rate" --seconds 15
done
grep -E "VmRSS" "/proc/${pids[-1]}/status" || true
kill "${pids[-1]}"; wait "${pids[-1]}" 2>/dev/null || true

echo "== 4. dispatches: a bare loop of the client, then the dispatcher"
"$bin/bench" dispatch
"$bin/bench" dispatch --postgres "$TEST_POSTGRES_URL"

echo "== 5. all in one, idle"
serve idle 18195
sleep 20
before=$(awk '{ print $14 + $15 }' "/proc/${pids[-1]}/stat"); sleep 30
after=$(awk '{ print $14 + $15 }' "/proc/${pids[-1]}/stat")
echo "CPU over 30 s: $(( (after - before) ))0 ms; $(grep VmRSS "/proc/${pids[-1]}/status")"
