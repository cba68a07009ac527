"""Runs `edgelm profile` against a real server and checks what it writes.

python check.py EDGELM   (use run.sh, which prepares the Python environment)

Nothing of edgelm is used to check it: the uncertainties are computed again here,
from the raw answers of the server.
"""

import csv
import json
import math
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from server import running

K = 10


def questions():
    """Three small tasks in bAbI's format: places, lists, paths."""
    people = ["Ann", "Bob", "Eve", "Tom"]
    rooms = ["kitchen", "garden", "hallway", "office", "bedroom", "bathroom"]
    things = ["milk", "ball", "apple"]
    places, lists, paths = [], [], []
    for i in range(24):
        a, b = people[i % 4], people[(i + 1) % 4]
        first, second = rooms[i % 6], rooms[(i + 2) % 6]
        places += [
            f"1 {a} went to the {first}.",
            f"2 {b} moved to the {second}.",
            f"3 Where is {a if i % 2 else b}? |{first if i % 2 else second}|1",
        ]
    for i in range(6):
        a, x, y = people[i % 4], things[i % 3], things[(i + 1) % 3]
        lists += [
            f"1 {a} took the {x}.",
            f"2 {a} took the {y}.",
            f"3 What is {a} carrying? \t{x},{y}\t1 2",
        ]
        room, other = rooms[i], rooms[(i + 1) % 6]
        paths += [
            f"1 The {room} is {['north', 'south'][i % 2]} of the {other}.",
            f"2 How do you go from the {other} to the {room}?\t{'ns'[i % 2]},{'ew'[i % 2]}\t1",
        ]
    return {"places": places, "lists": lists, "paths": paths}


def expected(top):
    """Margin, entropy, perplexity and mass from the server's candidates."""
    values = sorted((entry["logprob"] for entry in top), reverse=True)[:K]
    p = [math.exp(value) for value in values]
    mass = math.fsum(p)
    p = [value / mass for value in p]
    h = -math.fsum(value * math.log(value) for value in p if value > 0)
    return {
        "margin": 1 - (p[0] - p[1]),
        "entropy": h / math.log(len(p)),
        "perplexity": (math.exp(h) - 1) / (len(p) - 1),
        "top_k_mass": mass,
    }


def read_table(path):
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with running(folder) as (url, _):
            check_records(program, folder, url)
            check_tokens(program, folder, url)
            check_traps(program, folder, url)


def check_records(program, folder, url):
    files = []
    for task, lines in questions().items():
        files.append(folder / f"{task}_test.txt")
        files[-1].write_text("\n".join(lines) + "\n")
    examples = folder / "places_train.txt"
    examples.write_text("1 Kim went to the roof.\n2 Where is Kim? \troof\t1\n")
    out, raw = folder / "table.csv", folder / "raw.jsonl"
    command = [
        program, "profile", "--questions", *files, "--examples", examples,
        "--slm", url, "--llm", url, "--out", out, "--raw", raw,
        "--top-k", str(K), "--max-tokens", "8", "--empty-answers", "wrong",
    ]

    # Once killed on the way: the second run must go on from there.
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not raw.exists() or raw.read_text().count("\n") < 12:
        assert run.poll() is None, "ended before it was killed"
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not out.exists()
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr

    answers, torn = {}, 0
    for line in raw.read_text().splitlines():
        try:
            answer = json.loads(line)
        except json.JSONDecodeError:
            torn += 1
            continue
        place = (answer["id"], answer["role"])
        assert place not in answers, f"asked twice: {place}"
        answers[place] = answer
    rows = read_table(out)
    assert len(rows) == 36, len(rows)
    # The kill may have fallen between the journal and the file of raw answers, and
    # may have torn a line, to which the next was appended.
    assert torn <= 1 and len(answers) >= 70, (torn, len(answers))
    worst = 0.0
    for row in rows:
        slm, llm = answers.get((row["id"], "slm")), answers.get((row["id"], "llm"))
        if slm is None or llm is None:
            continue
        assert "logprobs" not in llm["request"]
        first = slm["response"]["choices"][0]["logprobs"]["content"][0]
        for name, value in expected(first["top_logprobs"]).items():
            difference = abs(float(row[name]) - value)
            assert difference <= 1e-6, (row["id"], name, row[name], value)
            worst = max(worst, difference)
        for role, answer in (("slm", slm), ("llm", llm)):
            response = answer["response"]
            text = response["choices"][0]["message"]["content"]
            assert int(row[f"{role}_prompt_tokens"]) == response["usage"]["prompt_tokens"]
            assert float(row[f"{role}_prefill_ms"]) == response["timings"]["prompt_ms"]
            if row["task"] == "places":
                words = re.findall(r"[\w'-]+", text.lower())
                words = [word for word in words if word not in ("a", "an", "the")]
                line = int(row["id"].split(":")[1]) - 1
                answer_word = questions()["places"][line].split("|")[1]
                right = words[:1] == [answer_word]
                assert row[f"{role}_correct"] == str(int(right)), (row["id"], text)
    verdict = subprocess.run(
        [program, "table", out, "--out", folder / "plots"], capture_output=True, text=True
    )
    assert verdict.returncode == 0, verdict.stderr
    assert "for this pair, offloading the most uncertain 50 %" in verdict.stdout
    print(run.stdout.strip())
    print(f"{len(rows)} records agree with the raw answers; largest difference {worst:.1e}")


def check_tokens(program, folder, url):
    """A model accepts all of its own tokens: as much as its candidates hold together."""
    file, table = folder / "stories.jsonl", folder / "tokens.csv"
    prompts = ["Once upon a time", "The capital of France is", "Two and two make"]
    lines = [{"id": str(at), "prompt": p, "answers": ["x"]} for at, p in enumerate(prompts)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    completions = f"{url}/v1/completions"
    run = subprocess.run(
        [program, "profile", "--questions", file, "--slm", completions, "--llm", completions,
         "--out", folder / "stories.csv", "--tokens", table, "--max-tokens", "12",
         "--top-k", str(K)],
        capture_output=True, text=True,
    )
    assert run.returncode == 0, run.stderr
    rows = read_table(table)
    left_out = re.findall(r"(\d+) tokens are left out", run.stderr)
    assert len(rows) + int((left_out or [0])[0]) >= 24, (len(rows), run.stderr)
    worst = 0.0
    for row in rows:
        own, theirs = float(row["top_k_mass"]), float(row["llm_top_k_mass"])
        worst = max(worst, abs(own - theirs), abs(float(row["acceptance"]) - own))
    # Computed token by token, and of a prefix at once: the same but for rounding.
    assert worst < 0.02, (worst, run.stderr)
    print(f"{len(rows)} tokens of a model are accepted by itself, to {worst:.1e}")


def check_traps(program, folder, url):
    """What the server answers without log-probabilities, or not at all."""
    for number, (prompt, more, said) in enumerate([
        ("word " * 4000, [], "status 400"),
        ("Hi", ["--body", json.dumps({"stop": ["Hello"]})], "without log-probabilities"),
        ("Hi", ["--body", json.dumps({"logprobs": None})], "status 400"),
    ]):
        file = folder / f"trap{number}.jsonl"
        file.write_text(json.dumps({"id": "trap", "prompt": prompt, "answers": ["x"]}) + "\n")
        run = subprocess.run(
            [program, "profile", "--questions", file, "--slm", url, "--llm", url,
             "--empty-answers", "wrong", "--out", folder / f"trap{number}.csv", *more],
            capture_output=True, text=True,
        )
        assert run.returncode == 1, (run.returncode, run.stderr)
        assert f"SLM {said}" in run.stderr, run.stderr
        assert "question trap (SLM)" in run.stderr, run.stderr
    print("3 traps are reported as what they are")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
