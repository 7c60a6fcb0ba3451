#!/usr/bin/env bash
# Starts, stops, kills or removes a PostgreSQL cluster of the tests' own: loopback only, no password, fsync on.
#
#   scripts/test-postgres.sh start|stop|kill|remove|status [PORT] [DIR]
#
# PORT is 15432 and DIR <repository>/.test/postgres-PORT unless given. `start` makes the cluster when there is none
# and succeeds when it already runs. `kill` is SIGKILL for the postmaster, for crash tests. The last line that `start`
# prints is for `eval`.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:-}
port=${2:-15432}
directory=${3:-$root/.test/postgres-$port}

fail() {
    echo "test-postgres: $*" >&2
    exit 1
}

# Debian keeps the server's programs out of the PATH.
find_programs() {
    local folder
    for folder in /usr/lib/postgresql/{17,16,15,14}/bin "$(dirname "$(command -v initdb || echo /none/x)")"; do
        if [[ -x $folder/initdb && -x $folder/pg_ctl && -x $folder/pg_isready ]]; then
            echo "$folder"
            return
        fi
    done
    fail "no PostgreSQL server: install postgresql-15"
}

# PostgreSQL refuses to run as root.
as_owner() {
    if [[ $EUID -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# The user postgres cannot read below a home directory such as /root: then the cluster lies in /var/tmp, and its place
# is written down in `location`. That file is the last thing that goes.
data_directory() {
    if [[ -s $directory/location ]]; then
        cat "$directory/location"
        return
    fi
    mkdir -p "$directory"
    local data=$directory/data
    if [[ $EUID -eq 0 ]]; then
        id postgres >/dev/null 2>&1 || fail "there is no user postgres to run the server: install postgresql-15"
        if ! as_owner test -x "$directory"; then data=$(mktemp -d /var/tmp/tocsin-postgres.XXXXXX)/data; fi
        mkdir -p "$data"
        chown postgres: "$data"
        [[ $data == "$directory"/* ]] || chown postgres: "$(dirname "$data")"
    fi
    echo "$data" >"$directory/location"
    echo "$data"
}

make_cluster() {
    as_owner "$programs/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --locale=C \
        --no-instructions >"$directory/initdb.log" 2>&1 || {
        cat "$directory/initdb.log" >&2
        fail "initdb failed"
    }
    cat >>"$data/postgresql.conf" <<CONFIGURATION
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
log_min_messages = warning
CONFIGURATION
}

running() { [[ -s $data/postmaster.pid ]] && kill -0 "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null; }

accepts() { "$programs/pg_isready" --quiet --host=127.0.0.1 --port="$port" --dbname=postgres; }

# After a kill, the old server's processes need a moment to notice; until then a new one refuses its memory.
start_server() {
    local attempt
    for attempt in $(seq 50); do
        if as_owner "$programs/pg_ctl" start --pgdata="$data" --options="-p $port" --log="$data/server.log" \
            --wait --timeout=60 >"$directory/pg_ctl.log" 2>&1 </dev/null; then
            return
        fi
        grep -qsE 'shared memory block|lock file' <(tail -n 5 "$data/server.log") || break
        sleep 0.1
    done
    tail -n 20 "$directory/pg_ctl.log" "$data/server.log" >&2 || true
    fail "the server does not start on port $port (attempt $attempt)"
}

start() {
    if running && accepts; then
        echo "PostgreSQL already runs on 127.0.0.1:$port" >&2
    else
        [[ -s $data/PG_VERSION ]] || make_cluster
        start_server
        echo "PostgreSQL runs on 127.0.0.1:$port, data in $data" >&2
    fi
    echo "export TEST_POSTGRES_URL=postgresql://postgres@127.0.0.1:$port/postgres"
}

stop() {
    running || return 0
    as_owner "$programs/pg_ctl" stop --pgdata="$data" --mode=fast --wait --timeout=60 >/dev/null ||
        as_owner "$programs/pg_ctl" stop --pgdata="$data" --mode=immediate --wait --timeout=30 >/dev/null
    echo "PostgreSQL on 127.0.0.1:$port stopped" >&2
}

kill_server() {
    running || fail "the server on port $port does not run"
    local pid
    pid=$(head -n 1 "$data/postmaster.pid")
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    echo "PostgreSQL on 127.0.0.1:$port killed (pid $pid)" >&2
}

remove() {
    stop
    if [[ $data == /var/tmp/tocsin-postgres.* ]]; then rm -rf "$(dirname "$data")"; fi
    rm -rf "$directory"
}

[[ $command =~ ^(start|stop|kill|remove|status)$ ]] || {
    echo "usage: $0 start|stop|kill|remove|status [PORT] [DIR]" >&2
    exit 64
}
if [[ $command != start && ! -s $directory/location ]]; then
    [[ $command == status ]] && { echo "not running on 127.0.0.1:$port" && exit 3; }
    exit 0
fi
programs=$(find_programs)
data=$(data_directory)
case $command in
start) start ;;
stop) stop ;;
kill) kill_server ;;
remove) remove ;;
status)
    running && accepts || { echo "not running on 127.0.0.1:$port" && exit 3; }
    echo "running on 127.0.0.1:$port"
    ;;
esac
