"""Figures of results, with their intervals, for matplotlib.

A policy has the same colour, marker and name as in the figures of the command. Every
function draws into ``ax`` (a new figure's, if not given) and returns it, so that titles,
limits and sizes are yours to change::

    import edgelm
    from edgelm import plots

    rows = edgelm.run("scenarios/fig3.ron")
    plots.against(rows, "delay_mean_ms").figure.savefig("delay.pdf")
    plots.plane(rows, at={"users.count": 120})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ._edgelm import drawn as _drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["against", "interval", "plane"]

Row = Mapping[str, Any]


def against(
    rows: Iterable[Row],
    measure: str = "delay_mean_ms",
    *,
    field: str | None = None,
    at: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A measure against a field of the sweep, a curve per policy with its 95 % intervals.

    ``rows`` are those of :func:`edgelm.run`, or a ``pandas.DataFrame`` of them or of
    ``results.csv``. ``measure`` is any of their columns. ``field`` is the swept field along
    the axis, the first one if not given; ``at`` says which values further fields have, such
    as ``{"users.tx_power_mw": 100}``.

    Raises ``ValueError`` if there is no such measure or field, or where a policy has
    several rows at one value.
    """
    chosen = _chosen(rows, at)
    fields = _fields(chosen[0])
    if field is None and fields:
        field = next((f for f in fields if f not in (at or {})), None)
    if field is None or field not in fields:
        raise ValueError(f"found the field {field!r}, allowed is a swept one: {list(fields)}")
    values = list(dict.fromkeys(row[fields[field]] for row in chosen))
    # Values that are no numbers stand side by side in the order of the sweep.
    numbers = all(isinstance(value, (int, float)) for value in values)
    place = {value: value if numbers else at for at, value in enumerate(values)}
    ax = _axes(ax)
    for name, of_policy, style in _by_policy(chosen):
        points = [place[row[fields[field]]] for row in of_policy]
        if len(set(points)) < len(points):
            raise ValueError(
                f"{name} has several rows at one {field}: `at` says which of "
                f"{[f for f in fields if f != field]}"
            )
        heights, errors = _with_errors(of_policy, measure)
        ax.errorbar(points, heights, yerr=errors, capsize=3, **style)
    if not numbers:
        ax.set_xticks(range(len(values)), [str(value) for value in values])
    ax.set_xlabel(field)
    ax.set_ylabel(measure)
    ax.legend()
    return ax


def plane(
    rows: Iterable[Row],
    *,
    delay: str = "delay_mean_ms",
    at: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy (%) against delay, a point per policy with the 95 % intervals of both.

    ``delay`` is any column along the horizontal axis, such as ``ttft_p99_ms`` or
    ``energy_mean_j``; ``at`` says which point of the sweep is shown.

    Raises ``ValueError`` if there is no such column, or where a policy has several rows.
    """
    ax = _axes(ax)
    for name, of_policy, style in _by_policy(_chosen(rows, at)):
        if len(of_policy) > 1:
            fields = list(_fields(of_policy[0]))
            raise ValueError(f"{name} has {len(of_policy)} rows: `at` says which of {fields}")
        along, errors = _with_errors(of_policy, delay)
        accuracy, of_accuracy = _with_errors(of_policy, "accuracy")
        percent = [[100 * error for error in side] for side in of_accuracy]
        style = {**style, "linestyle": "none"}
        heights = [100 * value for value in accuracy]
        ax.errorbar(along, heights, xerr=errors, yerr=percent, capsize=3, **style)
    ax.set_xlabel(delay)
    ax.set_ylabel("accuracy (%)")
    ax.legend()
    return ax


def interval(row: Row, measure: str) -> tuple[float, float] | None:
    """The 95 % interval of a measure; ``None`` where the row has none.

    Raises ``ValueError`` if there is no such measure.
    """
    if measure not in row:
        raise ValueError(f"found the measure {measure!r}, allowed are columns: {list(row)}")
    stem, _, unit = measure.rpartition("_")
    low, high = row.get(f"{stem}_low_{unit}"), row.get(f"{stem}_high_{unit}")
    if _is_number(low) and _is_number(high):
        return low, high
    value = row[measure]
    for name in (f"{measure}_ci95", measure.replace("_mean_", "_ci95_")):
        half = row.get(name) if name != measure else None
        if _is_number(half) and _is_number(value):
            return value - half, value + half
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == value


def _chosen(rows: Iterable[Row], at: Mapping[str, Any] | None) -> list[Row]:
    to_dict = getattr(rows, "to_dict", None)
    found = list(to_dict("records") if to_dict else rows)
    for field, value in (at or {}).items():
        fields = _fields(found[0]) if found else {}
        if field not in fields:
            raise ValueError(f"found the field {field!r}, allowed is a swept one: {list(fields)}")
        found = [row for row in found if row[fields[field]] == value]
    if not found:
        raise ValueError(f"no row at {dict(at or {})}")
    return found


def _fields(row: Row) -> dict[str, str]:
    """The swept fields of a row, each with the column that holds its value."""
    columns = [(name, name.replace("sweep", "value")) for name in row if name.startswith("sweep")]
    named = [(row[name], value) for name, value in columns]
    return {field: value for field, value in named if isinstance(field, str) and field}


def _by_policy(rows: list[Row]) -> list[tuple[str, list[Row], dict[str, Any]]]:
    names = list(dict.fromkeys(row["policy"] for row in rows))
    return [
        (
            name,
            [row for row in rows if row["policy"] == name],
            {"label": label, "color": colour, "marker": marker, "linestyle": (0, tuple(dash))},
        )
        for name, (label, colour, marker, dash) in zip(names, _drawn(names))
    ]


def _with_errors(rows: list[Row], measure: str) -> tuple[list[float], list[list[float]]]:
    """The values of a measure, and how far their intervals go below and above."""
    values, below, above = [], [], []
    for row in rows:
        bounds = interval(row, measure)
        value = row[measure] if _is_number(row[measure]) else float("nan")
        low, high = bounds or (value, value)
        values.append(value)
        below.append(max(value - low, 0.0))
        above.append(max(high - value, 0.0))
    return values, [below, above]


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots()[1]
