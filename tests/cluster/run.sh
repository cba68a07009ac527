#!/usr/bin/env bash
# Runs edgelm on a Ray cluster of two hosts, loses a process, a host and a cable, and
# compares the results with those of `edgelm run`. Needs Python 3.9 or later with venv,
# a Rust toolchain, and the network once, to install Ray into target/ray-venv.
#
# The hosts are network namespaces, for which it needs root and iproute2 (installed
# through apt-get where that is possible). Where they are not permitted it says so and
# runs two nodes as processes instead.
set -euo pipefail
cd "$(dirname "$0")/../.."

# In the profile of `cargo test`, which has compiled it.
cargo build --locked
target=${CARGO_TARGET_DIR:-target}
venv=${EDGELM_RAY_VENV:-$target/ray-venv}
if ! "$venv/bin/python" -c 'import ray' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement cluster/ray/requirements.txt
fi
if [ "$(id -u)" = 0 ] && ! command -v ip >/dev/null && command -v apt-get >/dev/null; then
    apt-get install --yes --quiet iproute2 || { apt-get update && apt-get install --yes --quiet iproute2; } || true
fi
exec "$venv/bin/python" tests/cluster/two_hosts.py "$target/debug/edgelm" "$venv/bin"
