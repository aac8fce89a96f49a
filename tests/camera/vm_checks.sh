# What the jobs inside the virtual machine have in common: checks that are counted, and mien-cam.
# PROGRAM is set before.
failed=0
up() { cut -d' ' -f1 /proc/uptime; }
ok() { echo "ok - $* [$(up) s]"; }
no() {
    echo "not ok - $* [$(up) s]"
    failed=1
}
check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then ok "$what"; else no "$what"; fi
}

log=/run/mien-cam.log
start() { # OPTIONS... : mien-cam, what it says goes to the log
    : >"$log"
    "$PROGRAM" --no-keys --device cpu "$@" 2>"$log" &
    program=$!
}
said() { grep -q -e "$1" "$log"; }
wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { sed 's/^/# /' "$log"; return 1; }
        sleep 0.3
    done
}
is() { "$PROGRAM" status 2>/dev/null | grep -q -e "^$1=$2"; }
stop() {
    kill "$program"
    wait "$program"
}
