"""Loads a real server, calibrates on one load and validates on another.

python load.py EDGELM   (use run.sh load, which prepares the Python environment)

llama.cpp serves SmolLM2-135M on one core, eight requests at a time, with one cache for all of
them and no prompt cache; edgelm's load comes from the other cores. What is always judged: that
every request is answered, on time, and that logs, block and comparison are whole. How close the
simulation is, is judged on a quiet machine only: where other processes and steal took under
5 % of a core, and the same prompt, asked of the idle server before, between and after the loads,
took the same time within 10 %. Otherwise it tries twice more, which is over at once where the
idle server is already unsteady; then it says NOT JUDGED, with the figures.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

from server import running

LENGTHS = [
    "--prompt-tokens", "Uniform(low: 8, high: 60)", "--answer-tokens", "Uniform(low: 4, high: 24)",
]
SECONDS = 60
RATES_HZ = {"calibrated": 1.2, "validated": 1.8}
ATTEMPTS = 3
QUIET_SHARE = 0.05
QUIET_SPREAD = 0.10


def prompt_ms(url):
    """How long the idle server takes for the same prompt, eight times."""
    body = {"prompt": " ".join(["time"] * 48), "max_tokens": 2, "cache_prompt": False}
    request = urllib.request.Request(url, json.dumps(body).encode())
    took = []
    for _ in range(8):
        with urllib.request.urlopen(request) as answer:
            took.append(json.load(answer)["timings"]["prompt_ms"])
    return took


def spread_of(took):
    """How much longer the slow ones took than the fast ones, without the extremes."""
    took = sorted(took)
    return took[len(took) * 9 // 10] / took[len(took) // 10] - 1


def machine_seconds():
    """What all processes and the host have taken of all cores so far."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]))
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / os.sysconf("SC_CLK_TCK")


def process_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def loaded(program, folder, url, name, server, core):
    """One load: its log, and what other processes took of a core meanwhile."""
    log = folder / f"{name}.csv"
    busy = machine_seconds()
    of_server, of_us, begin = process_seconds(server), time.process_time(), time.time()
    children = os.times()
    run = subprocess.run(
        [program, "load", url, "--rate", str(RATES_HZ[name]), *LENGTHS, "--for", str(SECONDS),
         "--seed", str(int(10 * RATES_HZ[name])), "--out", log, "--restart", "--force", "--json"],
        capture_output=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, os.sched_getaffinity(0) - {core} or {core}),
    )
    assert run.returncode == 0, run.stderr
    summary = json.loads(run.stdout)
    assert summary["measured"] == summary["sent"] and summary["not_sent"] == 0, summary
    assert summary["shortcomings"] == {}, summary
    assert summary["late"]["p99"] < 0.05, summary
    after, wall = os.times(), time.time() - begin
    ours = process_seconds(server) - of_server + time.process_time() - of_us
    ours += after.children_user + after.children_system
    ours -= children.children_user + children.children_system
    others = max(0.0, machine_seconds() - busy - ours) / wall
    return log, others


def check_log(log):
    lines = log.read_text().splitlines()
    assert any(line.startswith("# told by the server: (max_running: 8") for line in lines), lines
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) > 30, len(rows)
    for row in rows:
        # The server's own clock: from the prompt's first step, and without the network.
        ttft = float(row["first_token_s"]) - float(row["arrival_s"])
        assert float(row["server_prompt_ms"]) / 1e3 < ttft + 0.05, row
        assert row["cached_tokens"] == "0", row
        assert 4 <= int(row["output_tokens"]) <= 24, row
        assert 7 <= int(row["prompt_tokens"]) <= 62, row


def attempt(program, folder, url, server, core):
    took = prompt_ms(url)
    measured = {}
    for name in RATES_HZ:
        measured[name] = loaded(program, folder, url, name, server, core)
        took += prompt_ms(url)
    for log, _ in measured.values():
        check_log(log)
    spread = spread_of(took)
    block = folder / "server.ron"
    subprocess.run(
        [program, "calibrate", measured["calibrated"][0], "--token-budget", "256", "--out", block],
        check=True, capture_output=True,
    )
    assert "max_running: 8" in block.read_text(), block.read_text()
    validate = subprocess.run(
        [program, "validate", measured["validated"][0], "--server", block, "--json"],
        check=True, capture_output=True, text=True,
    )
    found = json.loads(validate.stdout)
    above = {
        (measure, what): found[measure]["simulated"][what] / found[measure]["measured"][what] - 1
        for measure in ("ttft", "end_to_end") for what in ("mean", "p90")
    }
    others = max(others for _, others in measured.values())
    line = (
        f"end to end {100 * found['per_request_error']:.1f} % per request, "
        + ", ".join(f"{m} {w} {100 * v:+.1f} %" for (m, w), v in above.items())
        + f"; others took {100 * others:.1f} % of a core, the same prompt up to "
        f"{100 * spread:.0f} % longer"
    )
    close = (
        found["per_request_error"] <= 0.10
        and abs(above["end_to_end", "mean"]) <= 0.08
        and abs(above["end_to_end", "p90"]) <= 0.12
    )
    return others < QUIET_SHARE and spread < QUIET_SPREAD, close, line


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with running(folder, "8") as (url, server):
            judge(program, folder, url + "/v1/completions", server.pid)


def judge(program, folder, url, server):
    core = max(os.sched_getaffinity(0))
    for number in range(ATTEMPTS):
        if number > 0 and spread_of(prompt_ms(url)) > QUIET_SPREAD:
            print(f"not quiet, attempt {number + 1} of {ATTEMPTS}: not measured", flush=True)
            continue
        quiet, close, line = attempt(program, folder, url, server, core)
        if quiet:
            print(line)
            assert close, "calibrated on one load, the other is not met"
            return
        print(f"not quiet, attempt {number + 1} of {ATTEMPTS}: {line}", flush=True)
    print(f"NOT JUDGED, the machine is not quiet: {line}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
