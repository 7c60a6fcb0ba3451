#!/usr/bin/env bash
# Starts, stops or reports the broker of the integration tests: noida-db, which speaks the Kafka protocol.
# For tests on one machine only: it acknowledges writes up to 0.6 s before they are on disk.
#
#   scripts/test-broker.sh start|stop|kill|status [PORT] [DATA_DIR]
#
# PORT is 19092 and DATA_DIR <repository>/.test/broker-PORT unless given. `start` is idempotent: it succeeds when
# the broker of this port and directory is already up. `kill` is SIGKILL: what it acknowledged last is lost. The last line that it prints is for `eval`.
set -euo pipefail

version=0.2.3 # Pinned: a closed binary from a small project. Read its changes before moving on.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:-}
port=${2:-19092}
data=${3:-$root/.test/broker-$port}
pid_file=$data/broker.pid

running() { # The pid file may be older than the machine's last boot: the name of the process decides.
    [[ -s $pid_file ]] && grep -qs noida "/proc/$(<"$pid_file")/cmdline"
}

accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

# Prints the path of the broker's own binary. The console script beside it is a wrapper that does not pass
# SIGTERM on, so stopping it would leave the broker running.
binary() {
    local venv=$root/.venv target=$root/.venv/noida found
    find_binary() { find "$venv" -type f -path '*/noida_db/noida-db' -path "*$1*" 2>/dev/null | head -n 1; }
    if [[ ! -d $(find "$venv" -maxdepth 5 -type d -name "noida_db-$version.dist-info" -print -quit 2>/dev/null) ]]; then
        if { [[ -x $venv/bin/pip ]] || python3 -m venv "$venv"; } >&2; then
            "$venv/bin/pip" install --quiet --disable-pip-version-check "noida-db==$version" >&2
        else # No python3-venv on this machine.
            python3 -m pip install --quiet --upgrade --target "$target" "noida-db==$version" >&2
        fi
    fi
    found=$(find_binary "")
    [[ -n $found ]] || { echo "noida-db $version is installed without its binary in $venv" >&2; exit 1; }
    chmod +x "$found"
    echo "$found"
}

start() {
    if running && accepts; then
        echo "broker already runs on 127.0.0.1:$port (pid $(<"$pid_file"))" >&2
    else
        if accepts; then
            echo "port $port is taken by another process" >&2
            exit 1
        fi
        local executable
        executable=$(binary)
        mkdir -p "$data/store"
        # setsid: a terminal's Ctrl-C is for the tests, not for the broker under them.
        setsid nice -n 5 "$executable" start --only kafka --kafka-port "$port" --data-dir "$data/store" \
            >"$data/broker.log" 2>&1 </dev/null &
        echo $! >"$pid_file"
        for _ in $(seq 300); do # 30 s: a large store is read at the start.
            accepts && break
            kill -0 "$(<"$pid_file")" 2>/dev/null || { tail -n 20 "$data/broker.log" >&2; echo "the broker ended at once" >&2; exit 1; }
            sleep 0.1
        done
        accepts || { echo "the broker does not accept connections on port $port; see $data/broker.log" >&2; exit 1; }
        echo "broker runs on 127.0.0.1:$port (pid $(<"$pid_file")), data in $data" >&2
    fi
    echo "export TEST_KAFKA_BROKERS=127.0.0.1:$port"
}

stop() {
    if running; then
        local pid
        pid=$(<"$pid_file")
        kill -TERM "$pid"
        for _ in $(seq 300); do # It saves everything before it exits.
            running || break
            sleep 0.1
        done
        if running; then
            echo "the broker (pid $pid) does not stop" >&2
            exit 1
        fi
        echo "broker on 127.0.0.1:$port stopped" >&2
    fi
    rm -f "$pid_file"
}

kill_broker() {
    running || { echo "the broker on port $port does not run" >&2; exit 1; }
    local pid
    pid=$(<"$pid_file")
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    rm -f "$pid_file"
}

case $command in
start) start ;;
kill) kill_broker ;;
stop) stop ;;
status)
    if running && accepts; then
        echo "running on 127.0.0.1:$port (pid $(<"$pid_file"))"
    else
        echo "not running on 127.0.0.1:$port"
        exit 3
    fi
    ;;
*)
    echo "usage: $0 start|stop|kill|status [PORT] [DATA_DIR]" >&2
    exit 64
    ;;
esac
