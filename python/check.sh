#!/usr/bin/env bash
# Builds the wheel in a virtual environment of its own and runs the tests on it. The
# wheel is of the profile of `cargo test`, with which it shares what is compiled; for
# one that is fast, `pip install ./python` compiles for release.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
venv="${EDGELM_VENV:-$target/python-venv}"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet 'maturin>=1.7,<2' 'gymnasium>=1.0' 'numpy>=1.24' 'pandas>=2' 'pytest>=8' \
    'matplotlib>=3.7' 'nbclient>=0.10' 'ipykernel>=6'
wheels="$target/python-wheels"
rm -rf "$wheels"
"$venv/bin/maturin" build --locked --quiet --manifest-path python/Cargo.toml --profile dev \
    --out "$wheels" --interpreter "$venv/bin/python"
"$venv/bin/pip" install --quiet --force-reinstall --no-deps "$wheels"/edgelm-*.whl
# What the rows are compared with.
cargo build --locked --quiet --bin edgelm
EDGELM="$target/debug/edgelm" "$venv/bin/python" -m pytest -q python/tests
