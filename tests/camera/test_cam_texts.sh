#!/bin/bash
# The man page and the systemd unit: whole, and in step with the program.
#
#   test_cam_texts.sh PROGRAM FOLDER_OF_THE_TEXTS
set -uo pipefail
program=$(realpath "$1")
texts=$2
failed=0
check() { # WHAT STATUS
    if [ "$2" = 0 ]; then echo "ok - $1"; else
        echo "not ok - $1"
        failed=1
    fi
}

# Every option of its own has its paragraph; the filter's parameters are --help's.
while read -r option; do
    grep -qF -- "${option//-/\\-}" "$texts/mien-cam.1"
    check "the man page has $option" $?
done < <("$program" --help | grep -oE -- ' --[a-z-]+' | sort -u | grep -vxF -f <(
    "$program" --help | sed -n '/--age=/,$p' | grep -oE -- ' --[a-z-]+'))

for key in $("$program" --help >/dev/null && echo set get params status cover watch quit); do
    grep -qE "^\.(B|BI|BR|TP)?.*\b$key\b" "$texts/mien-cam.1"
    check "the man page has $key" $?
done
if command -v man >/dev/null; then
    warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z \
        "$texts/mien-cam.1" 2>&1 >/dev/null)
    [ -z "$warnings" ]
    check "man reads the page without a warning${warnings:+: $warnings}" $?
else
    echo 'not tried: man is not installed'
fi

grep -qE '^ExecStart=/.*/mien-cam --no-keys \$MIEN_CAM_OPTIONS$' "$texts/mien-cam.service"
check 'the unit starts the program' $?
if command -v systemd-analyze >/dev/null; then
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    sed "s|^ExecStart=[^ ]*|ExecStart=$program|" "$texts/mien-cam.service" >"$copy/mien-cam.service"
    said=$(XDG_RUNTIME_DIR=$copy systemd-analyze --user --man=no verify \
        "$copy/mien-cam.service" 2>&1 | grep -F mien-cam)
    [ -z "$said" ]
    check "systemd takes the unit${said:+: $said}" $?
else
    echo 'not tried: systemd-analyze is not installed'
fi
exit $failed
