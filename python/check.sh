#!/usr/bin/env bash
# Builds the wheel in a virtual environment of its own and runs the tests on it.
set -euo pipefail
cd "$(dirname "$0")"
venv="${EDGELM_VENV:-target/venv}"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet 'maturin>=1.7,<2' 'gymnasium>=1.0' 'numpy>=1.24' 'pandas>=2' 'pytest>=8'
"$venv/bin/maturin" build --release --quiet --out target/wheels --interpreter "$venv/bin/python"
"$venv/bin/pip" install --quiet --force-reinstall --no-deps target/wheels/edgelm-*.whl
"$venv/bin/python" -m pytest -q tests
