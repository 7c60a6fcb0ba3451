#!/usr/bin/env bash
# make test: installs and starts what the tests need, builds, runs all of them, and ends what it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh
logs=$PWD/.test/logs/test
rm -rf "$logs"
mkdir -p "$logs"
total=13

packages=(
    librdkafka-dev libpq-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev pkg-config curl openssl procps
    postgresql-15 postgresql-client-15 prometheus-alertmanager chromium chromium-driver python3 python3-venv
)
postgres_port=${TEST_POSTGRES_PORT:-15432}
broker_port=${TEST_BROKER_PORT:-19092}
python=.venv/bin/python

make_venv() {
    [[ -x $python ]] || python3 -m venv .venv
    "$python" -m pip install --quiet --disable-pip-version-check -r Tests/EndToEnd/requirements.txt
}

stop_all() {
    scripts/test-broker.sh stop "$broker_port" >/dev/null 2>&1 || true
    scripts/test-postgres.sh remove "$postgres_port" >/dev/null 2>&1 || true
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

trap stop_all EXIT
step "installing what is missing" install "${packages[@]}"
step "fetching QuickJS-ng" scripts/vendor-quickjs.sh
step "preparing Python" make_venv
step "building (some minutes the first time)" build
step "checking the deployment files" scripts/check-deploy.sh
step "starting PostgreSQL and a broker" start_servers
step "tests of the core and the stores" unit 'AlertCoreTests|TidyTests|PersistenceTests'
step "tests of messaging" unit 'MessagingTests'
step "tests of scripts" unit 'ScriptingTests'
step "tests of outbound calls" unit 'OutboundHTTPTests'
step "tests of the services" unit 'ServiceTests'
stop_all
step "end to end: the path, bad input, settings, the console" end_to_end --ignore=test_crash.py
step "end to end: kill -9 under load" end_to_end -s test_crash.py

echo
grep -hE "Test run with|=+ .*(passed|failed).* =+$" "$logs"/*.log | sed 's/^[^T=]*//'
echo
echo "What the time went into:"
printf '  %s\n' "${times[@]}"
