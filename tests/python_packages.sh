# For sourcing: virtual environments of the checkout.

# Makes FOLDER hold what REQUIREMENTS lists, anew when the list has changed.
python_packages() { # FOLDER REQUIREMENTS [PIP-OPTION ...]
    local stamp folder=$1 list=$2
    shift 2
    stamp=$(sha256sum "$list" | cut -c1-16)
    [ -f "$folder/$stamp" ] && return
    rm -rf "$folder"
    python3 -m venv "$folder" && "$folder/bin/pip" -q install "$@" -r "$list" &&
        touch "$folder/$stamp"
}
