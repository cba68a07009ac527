"""The notebook runs, and says what it is shown with."""

import pathlib

import nbformat
from nbclient import NotebookClient

NOTEBOOK = pathlib.Path(__file__).resolve().parents[1] / "examples" / "first_study.ipynb"


def said(notebook):
    """What the cells print and give, pictures left out."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [
        output.get("text") or output.data["text/plain"]
        for output in outputs
        if output.output_type in ("stream", "execute_result")
    ]


def test_the_notebook_gives_what_it_shows():
    shown = nbformat.read(NOTEBOOK, as_version=4)
    run = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(run, timeout=600, kernel_name="python3").execute()
    assert said(run) == said(shown)
    assert len(said(run)) == 3
    pictures = [o for c in run.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(pictures) == 2
    # What the text says of the table.
    table = {tuple(line.split()[:2]): line for line in said(run)[1].splitlines()}
    above = lambda key: float(table[key].split("p99 (ms):")[1].split()[0]) > 150
    assert not above(("120", "EdgeAll")) and above(("160", "EdgeAll"))
    assert not above(("200", "Goa(tau:"))
