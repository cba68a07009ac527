"""edgelm: a simulator of LLM offloading at the mobile edge.

``run`` simulates a scenario and gives rows that ``pandas.DataFrame`` takes as they
are; ``edgelm.gym`` holds Gymnasium environments for training policies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ._edgelm import __version__
from ._edgelm import run as _run

__all__ = ["__version__", "run"]


def run(
    scenario: str | os.PathLike[str],
    *,
    seed: int | None = None,
    replications: int | None = None,
    threads: int | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Simulates a scenario; one row per point of its sweep and policy.

    ``scenario`` is a RON file, or RON text that starts with a parenthesis.
    ``overrides`` sets any field by its path, as ``--set`` does on the command line:
    ``{"users.count": 80}``. The columns are those of ``results.csv``, with ``None``
    for what does not exist; half-widths of 95 % intervals are named ``..._ci95``.
    The same scenario and seed give the same rows on any number of threads.

    Raises ``ValueError`` for a scenario that cannot be used, with the place in the
    file and what is allowed there, and ``RuntimeError`` if a policy fails.
    """
    changes = _changes(overrides, seed=seed, replications=replications)
    return _run(*_source(scenario), changes, threads)


def _source(scenario: str | os.PathLike[str]) -> tuple[str | None, str | None]:
    text = os.fspath(scenario)
    if text.lstrip().startswith(("(", "//", "/*", "#")):
        return None, text
    return text, None


def _changes(overrides: Mapping[str, Any] | None, **more: Any) -> list[tuple[str, str]]:
    changes = [(field, _ron(value)) for field, value in (overrides or {}).items()]
    return changes + [(f, _ron(v)) for f, v in more.items() if v is not None]


def _ron(value: Any) -> str:
    """A number or a list as RON; a string is RON already."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_ron(item) for item in value) + "]"
    return str(value)
