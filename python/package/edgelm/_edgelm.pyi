"""What the native half offers; use :func:`edgelm.run`, :mod:`edgelm.plots`, :mod:`edgelm.gym`."""

from typing import Any

import numpy

__version__: str

def run(
    file: str | None,
    text: str | None,
    overrides: list[tuple[str, str]],
    threads: int | None,
) -> list[dict[str, Any]]: ...
def drawn(names: list[str]) -> list[tuple[str, str, str, list[float]]]: ...

_Array = numpy.ndarray[Any, numpy.dtype[numpy.float64]]

class Cells:
    def __init__(
        self,
        file: str | None,
        text: str | None,
        overrides: list[tuple[str, str]],
        count: int,
        batch: int,
    ) -> None: ...
    @property
    def servers(self) -> int: ...
    @property
    def users(self) -> int: ...
    @property
    def features(self) -> list[str]: ...
    def reset(self, cell: int, replication: int) -> None: ...
    def step(
        self, listed: list[int], actions: numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    ) -> tuple[_Array, _Array, _Array, _Array, numpy.ndarray[Any, numpy.dtype[numpy.bool_]]]: ...
    def observe(
        self, listed: list[int]
    ) -> numpy.ndarray[Any, numpy.dtype[numpy.float32]]: ...
    def totals(self, cell: int) -> dict[str, Any]: ...
