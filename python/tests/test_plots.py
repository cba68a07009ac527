"""Figures show the rows that they are given, with their intervals."""

import matplotlib

matplotlib.use("Agg")

import pandas
import pytest
from matplotlib.colors import to_hex

import edgelm
from edgelm import plots

TEXT = """(users: (count: 20), replications: 20,
    policies: [Goa(tau: 0.6), Labelled(policy: LocalAll, label: "the phone")],
    sweep: [(field: "users.count", values: [10, 20, 30]),
            (field: "users.tx_power_mw", values: [100, 200])])"""


@pytest.fixture(scope="module")
def rows():
    return edgelm.run(TEXT)


def drawn(axes):
    """Per curve its label, its colour, its points and its error bars."""
    handles, labels = axes.get_legend_handles_labels()
    return {
        label: (
            to_hex(bars.lines[0].get_color()),
            list(zip(*bars.lines[0].get_data())),
            [path.vertices for path in bars.lines[2][0].get_paths()],
        )
        for bars, label in zip(handles, labels)
    }


def test_curves_are_the_rows_with_their_intervals(rows):
    axes = plots.against(rows, "delay_mean_ms", at={"users.tx_power_mw": 200})
    assert axes.get_xlabel() == "users.count"
    assert axes.get_ylabel() == "delay_mean_ms"
    curves = drawn(axes)
    assert list(curves) == ["GOA, τ = 0.6", "the phone"]
    colour, points, bars = curves["GOA, τ = 0.6"]
    assert colour == "#0072b2", "GOA is blue in every figure"
    wanted = [r for r in rows if r["policy"] == "Goa(tau: 0.6)" and r["value_2"] == 200]
    assert points == [(r["value"], r["delay_mean_ms"]) for r in wanted]
    for row, bar in zip(wanted, bars, strict=True):
        low, high = row["delay_mean_ms"] - row["delay_ci95_ms"], row["delay_mean_ms"]
        high += row["delay_ci95_ms"]
        assert bar[:, 1] == pytest.approx([low, high])


def test_intervals_of_every_kind_are_found(rows):
    row = rows[0]
    at = plots.interval
    assert at(row, "delay_p50_ms") == (row["delay_p50_low_ms"], row["delay_p50_high_ms"])
    half = row["accuracy_ci95"]
    assert at(row, "accuracy") == (row["accuracy"] - half, row["accuracy"] + half)
    half = row["uplink_ci95_ms"]
    assert at(row, "uplink_mean_ms")[1] == row["uplink_mean_ms"] + half
    assert at(row, "queries") is None
    with pytest.raises(ValueError, match="delay_mena_ms"):
        at(row, "delay_mena_ms")


def test_the_plane_has_a_point_a_policy_and_takes_data_frames(rows):
    point = {"users.count": 30, "users.tx_power_mw": 100}
    axes = plots.plane(pandas.DataFrame(rows), delay="delay_p99_ms", at=point)
    curves = drawn(axes)
    wanted = [r for r in rows if (r["value"], r["value_2"]) == (30, 100)]
    assert [curve[1] for curve in curves.values()] == [
        [(r["delay_p99_ms"], 100 * r["accuracy"])] for r in wanted
    ]


def test_what_cannot_be_drawn_is_said(rows):
    with pytest.raises(ValueError, match="several rows at one users.count.*users.tx_power_mw"):
        plots.against(rows)
    with pytest.raises(ValueError, match="6 rows"):
        plots.plane(rows)
    with pytest.raises(ValueError, match="'users.cont'.*users.count"):
        plots.plane(rows, at={"users.cont": 30})
    with pytest.raises(ValueError, match="no row"):
        plots.plane(rows, at={"users.count": 31})
    single = edgelm.run(TEXT.split(",\n    sweep")[0] + ")")
    with pytest.raises(ValueError, match="allowed is a swept one"):
        plots.against(single)
    assert len(drawn(plots.plane(single))) == 2
