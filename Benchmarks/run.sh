#!/usr/bin/env bash
# make bench: builds optimised, and measures beside yardsticks in one run. Prints what RESULTS.md holds.
#
#   SECTIONS="1 3" make bench     these sections only; a section's yardstick is always in it
#   SKIP_BUILD=1                  with what is built
#   BIN=DIR                       with the executables of DIR, bench among them, and without building
#   GROWTH="10000 1000000"        how many events section 9 has in the log; 10000000 takes 15 GB and half an hour
#   AUDITED=10000000              events of section 13; so many take 25 GB and an hour
#   SMALL=1                       sizes at which figures say nothing: to see that everything runs (5 minutes)
#
#   1 accepts   2 log   3 latency   4 dispatches   5 scripts   6 idle, ready   7 isolation   8 recipients   9 growth
#   10 beside others   11 dispatchers   12 an idle snapshot   13 the record
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd .. && pwd)
bin=${BIN:-$PWD/.build/release}
sections=" ${SECTIONS:-1 2 3 4 5 6 7 8 9 10 11 12 13} "
# Settings of whoever calls are not for what is measured.
for name in "${!TOCSIN_@}"; do unset "$name"; done
work=$(mktemp -d)
chmod 711 "$work" # PostgreSQL runs as a user of its own
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    "$root/scripts/test-postgres.sh" remove 15439 >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

wanted() { [[ $sections == *" $1 "* ]]; }
# size USUAL SMALL
size() { [[ -n ${SMALL:-} ]] && echo "$2" || echo "$1"; }

ready() { for _ in $(seq 1000); do curl -sf "$1" >/dev/null && return; sleep 0.02; done; echo "$1 does not answer"; tail -5 "$work"/*.log; exit 1; }

serve() { # NAME PORT: the all-in-one server in a directory of its own
    TOCSIN_ADMIN_USER=bench TOCSIN_ADMIN_PASSWORD=bench TOCSIN_OUTBOUND_ALLOW=127.0.0.0/8 TOCSIN_LOG_LEVEL=error \
        TOCSIN_INBOUND_RATE=0 TOCSIN_ALERT_FLOOD_LIMIT=0 \
        "$bin/tocsin" serve --data "$work/$1" --port "$2" >"$work/$1.log" 2>&1 &
    pids+=($!)
    ready "http://127.0.0.1:$2/health/ready"
}

stop() { kill "${pids[-1]}"; wait "${pids[-1]}" 2>/dev/null || true; }

postgres() { # a server for sections 2 and 4, once
    [[ -z ${is_started:-} ]] || return 0
    eval "$("$root/scripts/test-postgres.sh" start 15439 2>/dev/null | tail -1)"
    is_started=1
}

# program NAME OPTION…: one of the programs that drive the product as a whole, with what they need
program() {
    local name=$1
    shift
    if [[ .venv/made -ot "$root/Tests/EndToEnd/requirements-bench.txt" ]]; then
        python3 -m venv .venv
        .venv/bin/pip install --quiet --disable-pip-version-check -r "$root/Tests/EndToEnd/requirements.txt" \
            -r "$root/Tests/EndToEnd/requirements-bench.txt"
        touch .venv/made
    fi
    TOCSIN_BIN_DIR=$bin TOCSIN_TEST_DIR=$work/programs .venv/bin/python "$root/Tests/EndToEnd/$name.py" "$@" ||
        echo "$name ended with $?"
}

# The product's executables and the benchmark's share one folder, so that they share what they are made of.
[[ -n ${SKIP_BUILD:-}${BIN:-} ]] ||
    (cd "$root" && swift build -c release --scratch-path "$PWD/Benchmarks/.build" && swift build -c release --package-path Benchmarks)

echo "== $(nproc) processors, $(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MB, load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "== disk: $(dd if=/dev/zero of="$work/dd" bs=512 count=500 oflag=dsync 2>&1 | tail -1)"

if wanted 1; then
    echo "== 1. accepts: a constant answer, then the door (everything behind it running)"
    command -v wrk >/dev/null || { echo "install wrk"; exit 1; }
    "$bin/bench" constant --port 18191 & pids+=($!)
    ready_post() { for _ in $(seq 100); do curl -sf -XPOST "$1" -d x >/dev/null && return; sleep 0.1; done; }
    ready_post http://127.0.0.1:18191/x
    load=(wrk -t1 -c64 "-d$(size 8s 1s)" --latency -s post.lua)
    "${load[@]}" http://127.0.0.1:18191/x | grep -E "99%|Requests/sec|Non-2xx"
    stop
    serve door 18192
    trigger=$(python3 setup.py http://127.0.0.1:18192 bench bench 0)
    "${load[@]}" "http://127.0.0.1:18192$trigger" | grep -E "99%|Requests/sec|Non-2xx"
    stop
fi

if wanted 2; then
    echo "== 2. log: best SQL batch by pgbench, then ours"
    postgres
    psql=(psql -q "$TEST_POSTGRES_URL")
    "${psql[@]}" -c "CREATE TABLE best (partition_name text, position bigint, stream text, version bigint, type text, data text, actor text, causation text, correlation text, recorded_at bigint, hash text, PRIMARY KEY (partition_name, position)); CREATE UNIQUE INDEX best_stream ON best (stream, version); CREATE INDEX best_correlation ON best (correlation); CREATE SEQUENCE best_seq INCREMENT 1000"
    cat >"$work/best.sql" <<'SQL'
\set p random(1, 1000000000)
INSERT INTO best SELECT 'bench/' || :client_id, s.base + i, 'bench-' || :p || '-' || s.base + i, 1, 'bench.happened', '{"title":"Disk usage over 90%","host":"db-01","region":"eu-west-1","value":92.5,"labels":{"env":"prod","service":"billing","team":"dba"}}', '<bench>', 'none', 'run', 1790000000000, '0123456789012345678901234567890123456789012345678901234567890123' FROM (SELECT nextval('best_seq') AS base) s, generate_series(1, 1000) i;
SQL
    pgbench -n -c 4 -j 2 -T "$(size 8 1)" -f "$work/best.sql" "$TEST_POSTGRES_URL" 2>/dev/null | awk '/^tps/ { print "pgbench, INSERT of 1000 rows made in the server, 4 clients: " int($3 * 1000) " rows/s" }'
    for batch in 100 1000; do "$bin/bench" log --postgres "$TEST_POSTGRES_URL" --batch "$batch" --writers 4; done
    for batch in 1 100 1000; do "$bin/bench" log --batch "$batch" --writers 4; done
fi

if wanted 3; then
    echo "== 3. from the 202 to the first byte at the target"
    serve latency 18193
    trigger=$(python3 setup.py http://127.0.0.1:18193 bench bench 18194)
    for rate in $(size "100 250 500" 50); do
        "$bin/bench" latency --trigger "http://127.0.0.1:18193$trigger" --sink-port 18194 --rate "$rate" \
            --seconds "$(size 15 2)"
    done
    grep -E "VmRSS" "/proc/${pids[-1]}/status" || true
    stop
fi

if wanted 4; then
    echo "== 4. dispatches: a bare loop of the client, then the dispatcher"
    postgres
    "$bin/bench" dispatch --deliveries "$(size 20000 1000)"
    "$bin/bench" dispatch --deliveries "$(size 20000 1000)" --postgres "$TEST_POSTGRES_URL"
fi

if wanted 5; then
    echo "== 5. scripts: the bare engine, ours without isolation, then in sandboxed workers"
    "$bin/bench" sandbox --workers 2 --seconds "$(size 5 1)"
fi

if wanted 6; then
    echo "== 6. all in one: ready, then idle"
    for start in first second; do
        began=$(date +%s%N)
        serve idle 18195
        echo "$start start: ready after $(( ($(date +%s%N) - began) / 1000000 )) ms"
        [[ $start == second ]] || stop
    done
    sleep "$(size 20 2)"
    seconds=$(size 30 3)
    before=$(awk '{ print $14 + $15 }' "/proc/${pids[-1]}/stat"); sleep "$seconds"
    after=$(awk '{ print $14 + $15 }' "/proc/${pids[-1]}/stat")
    echo "CPU over $seconds s: $(( after - before ))0 ms; $(grep VmRSS "/proc/${pids[-1]}/status")"
    stop
fi

if wanted 7; then
    echo "== 7. one of 100 targets hangs; then 9 more answer 503, and recover"
    for mode in --one-process ""; do
        options=(--targets "$(size 100 20)" --rounds "$(size 2 1)" $mode)
        program isolation "${options[@]}" --failing 0 --leg "$(size 60 5)" --recovery "$(size 60 20)"
        program isolation "${options[@]}" --leg "$(size 60 15)" --recovery "$(size 300 60)"
    done
fi

if wanted 8; then
    echo "== 8. 1,300 recipients of one alert"
    program storm --recipients "$(size 1300 50)" --people 1 --alerts 0 --one-process
    program storm --recipients "$(size 1300 50)" --people 1 --alerts 0
fi

if wanted 9; then
    echo "== 9. a long history; then 100,000 active alerts, all in one"
    # shellcheck disable=SC2086 # several sizes
    program growth --sizes ${GROWTH:-$(size "10000 1000000" "2000 20000")} --template "$(size 350 60)"
    program growth --sizes "$(size 820000 20000)" --template "$(size 350 60)" --active 1 --one-process
fi

if wanted 10; then
    echo "== 10. beside what one could send webhooks with instead"
    for targets in 1 5; do
        program comparison --python "$PWD/.venv/bin/python" --targets "$targets" --count "$(size 10000 300)" \
            --seconds "$(size 20 2)"
    done
fi

if wanted 11; then
    echo "== 11. one, two and four dispatchers; targets that answer after 50 ms"
    program scaling --alerts "$(size 600 30)" --targets "$(size 32 8)"
    # So few attempts at a time that the processors are not the limit.
    program scaling --alerts "$(size 300 30)" --targets "$(size 32 8)" --concurrency 1 --no-kill
fi

if wanted 12; then
    echo "== 12. without and with an idle snapshot"
    program snapshot --leg "$(size 60 5)" --pairs "$(size 2 1)"
fi

if wanted 13; then
    echo "== 13. the record: appended plain and sealed, indexed, asked, verified, exported"
    postgres
    few=$(size 200000 5000) many=${AUDITED:-$(size 1000000 20000)}
    record=${TEST_POSTGRES_URL%/*}/bench_record
    anew() { psql -q "$TEST_POSTGRES_URL" -c "DROP DATABASE IF EXISTS bench_record" -c "CREATE DATABASE bench_record" 2>/dev/null; }
    for how in --plain "" --plain ""; do
        anew
        echo "${how:-sealed}: $("$bin/bench" audit --events "$few" --postgres "$record" --fill-only $how)"
    done
    anew
    "$bin/bench" audit --events "$many" --postgres "$record"
    timed() { # OPTION…: of tocsin audit
        began=$(date +%s%N)
        "$bin/tocsin" audit "$@" >/dev/null 2>&1
        echo "audit $1 $2: $(( many * 1000 / (($(date +%s%N) - began) / 1000000) )) events/s"
    }
    timed verify --database "$record"
    timed export --database "$record" "$work/export.jsonl"
    timed verify --export "$work/export.jsonl"
    du -h "$work/export.jsonl" | awk '{ print $1, "of JSON Lines" }'
fi
