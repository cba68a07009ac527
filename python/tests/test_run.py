"""Scenarios run from Python give what the command gives."""

import csv
import math
import os
import pathlib
import subprocess

import pandas
import pytest

import edgelm

TEXT = "(users: (count: 20), replications: 40, policies: [Goa(tau: 0.6), LocalAll])"


def test_rows_are_a_data_frame_with_the_columns_of_results_csv():
    frame = pandas.DataFrame(edgelm.run(TEXT))
    assert list(frame["policy"]) == ["Goa(tau: 0.6)", "LocalAll"]
    assert (frame["queries"] == 20 * 40).all()
    local = frame.iloc[1]
    assert local["offloaded_share"] == 0.0
    # 2.596 GFLOP at 45.53 to 136.6 GFLOP/s.
    assert 19.0 < local["delay_p50_ms"] < 57.1
    assert local["delay_ci95_ms"] > 0
    # w^2 (1 / (a b) - (ln(b / a) / (b - a))^2) of a uniform capacity from a to b.
    a, b = 45.53, 136.6
    theory = (1e3 * 2.596) ** 2 * (1 / (a * b) - (math.log(b / a) / (b - a)) ** 2)
    off = abs(local["delay_variance_ms2"] - theory)
    assert off < 2 * local["delay_variance_ci95_ms2"] < theory


@pytest.mark.parametrize(
    "scenario",
    [
        "scenarios/fig3.ron",  # a sweep
        "scenarios/bursty.ron",  # deadlines and loads
        "scenarios/measured.ron",  # one point
    ],
)
def test_rows_have_every_column_and_value_of_results_csv(tmp_path, scenario):
    repository = pathlib.Path(__file__).resolve().parents[2]
    changes = ["replications=2"]
    if "bursty" in scenario:
        changes.append("run.duration_s=1.5")
    command = [os.environ["EDGELM"], "run", repository / scenario, "--out", tmp_path]
    for change in changes:
        command += ["--set", change]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    name = pathlib.Path(scenario).stem
    with open(tmp_path / name / "results.csv", newline="") as file:
        expected = list(csv.DictReader(file))
    overrides = dict(change.split("=") for change in changes)
    found = edgelm.run(repository / scenario, overrides=overrides)
    assert len(found) == len(expected) > 0
    for row, wanted in zip(found, expected):
        assert list(row)[: len(wanted)] == list(wanted)
        extra = list(row)[len(wanted) :]
        assert extra == ["delay_variance_ms2", "delay_variance_ci95_ms2"]
        for column, text in wanted.items():
            value = row[column]
            if isinstance(value, str):
                assert value == text, column
            elif value is None:
                assert text == "", column
            else:
                assert value == float(text), column


def test_runs_in_time_have_their_loads_and_energies():
    text = (
        "(users: (count: 6), replications: 2, sharing: Live, policies: [LocalAll], "
        "workload: (arrivals: Poisson(rate_per_user_hz: 2)), run: (duration_s: 5))"
    )
    row = edgelm.run(text)[0]
    assert row["throughput_per_s"] > 0
    assert row["throughput_per_s_ci95"] > 0


def test_seed_threads_and_overrides():
    once = edgelm.run(TEXT, seed=3, threads=1)
    assert once == edgelm.run(TEXT, seed=3, threads=2)
    assert once != edgelm.run(TEXT, seed=4)
    more = edgelm.run(TEXT, overrides={"users.count": 30}, replications=5)
    assert more[0]["queries"] == 30 * 5


def test_a_file_is_read_with_its_sweep(tmp_path):
    file = tmp_path / "study.ron"
    file.write_text(TEXT[:-1] + ', sweep: (field: "users.count", values: [5, 9]))')
    frame = pandas.DataFrame(edgelm.run(file))
    assert list(frame["value"]) == [5, 5, 9, 9]
    assert set(frame["sweep"]) == {"users.count"}


def test_a_wrong_scenario_is_a_value_error_that_says_where():
    with pytest.raises(ValueError, match="did you mean `count`"):
        edgelm.run("(users: (cuont: 5), policies: [EdgeAll])")
    with pytest.raises(ValueError, match="no-such-file"):
        edgelm.run("no-such-file.ron")


def test_a_grid_has_a_row_for_each_combination():
    sweep = (
        '[(field: "users.count", values: [5, 9]), '
        '(field: "channel.fading", values: [None, Rician(k_db: 10)])]'
    )
    frame = pandas.DataFrame(edgelm.run(TEXT[:-1] + f", sweep: {sweep})"))
    places = frame[["value", "value_2"]].drop_duplicates().values.tolist()
    assert places == [[5, "None"], [9, "None"], [5, "Rician(k_db: 10)"], [9, "Rician(k_db: 10)"]]
    assert set(frame["sweep_2"]) == {"channel.fading"}
