# Shared by the scripts of `make run` and `make test`. Sourced, not run.

# Where an unpacked toolchain usually lies.
command -v swift >/dev/null || PATH=$PATH:/opt/swift/usr/bin

SWIFT_FLAGS=(-Xcc -O2 -Xcxx -O2)
steps=0
declare -a times=()

# step TITLE COMMAND…: runs a command quietly, with its output in a log, and says how long it took.
step() {
    local title=$1 started=$SECONDS log
    shift
    steps=$((steps + 1))
    log=$logs/$(printf '%02d' "$steps")-$(tr -cs 'a-z0-9' '-' <<<"${title,,}" | sed 's/-$//').log
    printf '[%d/%d] %s … ' "$steps" "$total" "$title"
    if "$@" >"$log" 2>&1; then
        times+=("$((SECONDS - started)) s  $title")
        echo "$((SECONDS - started)) s"
    else
        echo "failed"
        grep -A2 -E '✘|^E  |^FAILED|error:' "$log" | head -n 60 || true
        tail -n 15 "$log"
        echo "The whole log: $log"
        exit 1
    fi
}

# install PACKAGE…: what of Debian's packages is missing; as root or with sudo, otherwise says what to do.
install() {
    local missing=() package
    if ! command -v apt-get >/dev/null; then
        pkg-config --exists rdkafka libpq sqlite3 libzip libcurl libcares libxml-2.0 gmime-3.0 && return 0
        echo "This is not Debian. Please install what these packages of Debian hold: $*"
        return 1
    fi
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    local as=()
    if [[ $EUID -ne 0 ]]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as=(sudo)
        else
            echo "Missing packages. Please run, as root:  apt-get install -y ${missing[*]}"
            return 1
        fi
    fi
    "${as[@]}" apt-get update
    # RUNLEVEL=1: nothing that is installed for the tests is started as a service of the machine.
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

need_swift() {
    command -v swift >/dev/null || { echo "Swift 6 is needed: https://www.swift.org/install/"; return 1; }
}

fetch_sources() {
    scripts/vendor-quickjs.sh
    scripts/vendor-xmldom.sh
}
