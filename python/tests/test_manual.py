"""The Python of the manual runs as it stands there."""

import pathlib
import re

import matplotlib
import pytest

matplotlib.use("Agg")

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "page, count", [("docs/python.md", 3), ("python/README.md", 3)]
)
def test_every_block_runs(page, count, monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert len(blocks) == count
    names = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    assert names["rows"][0]["policy"] == "Goa(tau: 0.6)"
    observation, info = names["observation"], names["info"]
    assert names["env"].observation_space.contains(observation)
    assert info["queries"] >= 0
