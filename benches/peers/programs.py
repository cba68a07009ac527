"""Builds and runs the programs that are compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PEERS = Path(__file__).resolve().parent
ROOT = PEERS.parents[1]


def cargo_build(folder: Path, arguments: Sequence[str]) -> list[Path]:
    """Builds in release mode; returns the executables."""
    command = ["cargo", "build", "--release", "--locked", "--message-format=json", *arguments]
    built = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    messages = (json.loads(line) for line in built.stdout.splitlines())
    return [Path(m["executable"]) for m in messages if m.get("executable")]


def build_example(name: str) -> Path:
    """Builds one of edgelm's examples."""
    [program] = cargo_build(ROOT, ["--example", name])
    return program


def build_nexosim() -> Path:
    """Builds the NeXosim models."""
    [program] = cargo_build(PEERS / "nexosim", [])
    return program


def python_with_peers() -> Path:
    """An interpreter of a virtual environment with the Python simulators."""
    folder = PEERS / ".venv"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    requirements = str(PEERS / "requirements.txt")
    install = [str(python), "-m", "pip", "install", "--quiet", "--requirement", requirements]
    subprocess.run([*install, "--disable-pip-version-check"], check=True)
    return python


def run_json(command: Sequence[str | Path]) -> Any:
    """Runs a program and reads the JSON that it prints."""
    ran = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout)
