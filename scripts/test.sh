#!/usr/bin/env bash
# make test: installs and starts what the tests need, builds, runs all of them, and ends what it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh
logs=$PWD/.test/logs/test
rm -rf "$logs"
mkdir -p "$logs"
total=16

packages=(
    librdkafka-dev libpq-dev libsqlite3-dev libzip-dev libcurl4-openssl-dev libc-ares-dev libxml2-dev libgmime-3.0-dev libssl-dev pkg-config curl openssl procps
    postgresql-15 postgresql-client-15 prometheus-alertmanager nghttp2-server chromium chromium-driver python3 python3-venv
)
command -v pip >/dev/null || packages+=(python3-pip)
python=.venv/bin/python
postgres_port=0
broker_port=0

# Free ports, so that two clones can be tested side by side, and a developer's own servers stay as they are.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

make_venv() {
    [[ -x $python ]] || python3 -m venv .venv
    "$python" -m pip install --quiet --disable-pip-version-check -r Tests/EndToEnd/requirements.txt
}

stop_all() {
    [[ $broker_port -ne 0 ]] || return 0
    scripts/test-broker.sh stop "$broker_port" >/dev/null 2>&1 || true
    scripts/test-postgres.sh remove "$postgres_port" >/dev/null 2>&1 || true
    # Not kept: this broker never forgets a consumer that was killed, and would wait for it the next time.
    rm -rf ".test/broker-$broker_port"
}

start_servers() {
    scripts/test-postgres.sh start "$postgres_port"
    scripts/test-broker.sh start "$broker_port"
}

build() {
    need_swift
    swift build --build-tests "${SWIFT_FLAGS[@]}"
}

# Each in a process of its own: what one blocks does not slow another.
unit() {
    TEST_POSTGRES_URL=postgresql://postgres@127.0.0.1:$postgres_port/postgres \
        TEST_KAFKA_BROKERS=127.0.0.1:$broker_port \
        swift test --skip-build "${SWIFT_FLAGS[@]}" --filter "$1"
}

end_to_end() { (cd Tests/EndToEnd && "../../$python" -m pytest -v "$@"); }

# Always the same seeds, on both of two processors, for about a minute.
simulate() {
    local first=1 each=14 failed=0 run
    local runs=()
    for first in 1 15; do
        .build/debug/simulate --seed "$first" --runs "$each" &
        runs+=($!)
    done
    for run in "${runs[@]}"; do wait "$run" || failed=1; done
    return "$failed"
}

trap stop_all EXIT
rm -f .test/e2e/measured-*.txt
step "installing what is missing" install "${packages[@]}"
step "fetching QuickJS-ng and xmldom" fetch_sources
step "preparing Python" make_venv
step "building (some minutes the first time)" build
step "checking the deployment files" scripts/check-deploy.sh
step "simulation: all services under faults and virtual time" simulate
postgres_port=$(free_port)
broker_port=$(free_port)
step "starting PostgreSQL and a broker" start_servers
step "tests of the core and the stores" unit 'AlertCoreTests|TidyTests|PersistenceTests|WorkflowArchiveTests|SimulationTests'
step "tests of messaging" unit 'MessagingTests'
step "tests of scripts" unit 'ScriptingTests'
step "tests of outbound calls" unit 'OutboundHTTPTests|EndpointsTests'
step "tests of the services" unit 'ServiceTests'
stop_all
step "end to end: the path, bad input, settings, the console" end_to_end --ignore=test_crash.py --ignore=test_faults.py --ignore=test_sweep.py
step "end to end: kill -9 under load" end_to_end -s test_crash.py
step "end to end: kill -9 at random instants" end_to_end -s test_sweep.py
step "end to end: faults of the network, a broker that is away" end_to_end -s test_faults.py

echo
grep -hE "Test run with|=+ .*(passed|failed).* =+$" "$logs"/*.log | sed 's/^[^T=]*//'
echo
echo "What the end-to-end tests measured:"
sed 's/^/  /' .test/e2e/measured-*.txt 2>/dev/null || echo '  nothing: they were skipped'
echo
echo "What the time went into:"
printf '  %s\n' "${times[@]}"
