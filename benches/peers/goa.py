"""One GOA decision in plain Python, beside edgelm's on the same instance.

``python goa.py`` writes an instance (N = 120 users, M = 4 servers), decides on it
here and in edgelm, checks that the decisions are the same, and prints how long each
took. ``python goa.py FILE`` takes an instance of your own (``edgelm decide`` reads
the same files).

The algorithm is Algorithm 1 of "Accuracy-Delay Trade-Off in LLM Offloading via
Token-Level Uncertainty" (arXiv 2602.07958) as a researcher would write it: every
step looks at all pairs of a query left and a server, O(N^2 M) together; what each
server carries and hears is kept up, not summed anew.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

from programs import build_example, run_json

USERS = 120
# Both languages take turns, so that a busy or throttled machine is so for both.
ROUNDS = 15
RUNS_A_ROUND = 5

Choices = list[int | None]


class User(TypedDict):
    """A user and its query."""

    uncertainty: float
    query_bits: float
    slm_flop: float
    llm_flop: float
    local_flops: float


class Server(TypedDict):
    """An edge server."""

    flops: float
    max_flops_per_user: float
    bandwidth_hz: float


class Instance(TypedDict):
    """Users, servers and gains (users x servers) at one instant."""

    tx_power_w: float
    noise_w: float
    users: list[User]
    servers: list[Server]
    gain: list[list[float]]


def goa(instance: Instance, tau: float) -> Choices:
    """The server of each user's query, or None where it stays on the device."""
    users, servers, gain = instance["users"], instance["servers"], instance["gain"]
    power, noise = instance["tx_power_w"], instance["noise_w"]
    choices: Choices = [None] * len(users)
    connected = [0] * len(servers)
    heard = [0.0] * len(servers)  # Power of the users of other servers.
    local = [user["slm_flop"] / user["local_flops"] for user in users]

    def gap(i: int, j: int) -> float:
        """Eq. 18: how much longer the query takes at the edge, by its uncertainty."""
        user, server = users[i], servers[j]
        n = connected[j] + 1
        sinr = power * gain[i][j] / (heard[j] + noise)
        rate = server["bandwidth_hz"] / n * math.log2(1.0 + sinr)
        share = min(server["max_flops_per_user"], server["flops"] / n)
        edge = user["query_bits"] / rate + user["llm_flop"] / share
        return user["uncertainty"] * (edge - local[i])

    def place(candidates: list[int], all_of_them: bool) -> None:
        while candidates:
            best, best_i, best_j = float("inf"), candidates[0], 0
            for i in candidates:
                for j in range(len(servers)):
                    delta = gap(i, j)
                    if delta < best:
                        best, best_i, best_j = delta, i, j
            if not all_of_them and best >= 0.0:
                return
            candidates.remove(best_i)
            choices[best_i] = best_j
            connected[best_j] += 1
            for j in range(len(servers)):
                if j != best_j:
                    heard[j] += power * gain[best_i][j]

    forced = [i for i, user in enumerate(users) if user["uncertainty"] > tau]
    free = [i for i, user in enumerate(users) if user["uncertainty"] <= tau]
    place(forced, all_of_them=True)
    place(free, all_of_them=False)
    return choices


def compare(instance_file: Path, program: Path) -> str:
    """Decides in both languages; a table of the times.

    Exits if the decisions differ.
    """
    instance: Instance = json.loads(instance_file.read_text())
    rounds: list[tuple[float, float, float]] = []
    for _ in range(ROUNDS):
        edgelm = run_json([program, "decide", instance_file])
        times_us: list[float] = []
        for _ in range(RUNS_A_ROUND):
            start = time.perf_counter()
            choices = goa(instance, edgelm["tau"])
            times_us.append((time.perf_counter() - start) * 1e6)
        if choices != edgelm["choices"]:
            different = [i for i, c in enumerate(choices) if c != edgelm["choices"][i]]
            sys.exit(f"the decisions differ at users {different}")
        rounds.append((statistics.median(times_us), edgelm["literal_us"], edgelm["goa_us"]))
    users, servers = len(instance["users"]), len(instance["servers"])
    offloaded = sum(choice is not None for choice in edgelm["choices"])
    version = ".".join(str(part) for part in sys.version_info[:3])
    names = [
        f"plain Python {version}, O(N^2 M)",
        "literal Algorithm 1 in Rust, O(N^3 M)",
        "edgelm's Goa",
    ]
    title = (
        f"One GOA decision, N = {users}, M = {servers}, tau = {edgelm['tau']}: "
        f"{offloaded} queries offloaded, the same ones by all three"
    )
    lines = [
        title,
        "",
        f"{'':<40}{'median us':>12}{'ratio':>9}   over {ROUNDS} rounds",
    ]
    for name, times in zip(names, zip(*rounds, strict=True), strict=True):
        ratios = [us / round_[2] for us, round_ in zip(times, rounds, strict=True)]
        median, ratio = statistics.median(times), statistics.median(ratios)
        lines.append(f"{name:<40}{median:>12,.1f}{ratio:>9,.1f}   {min(ratios):,.0f} to {max(ratios):,.0f}")
    return "\n".join(lines)


def compare_at(users: int, program: Path) -> str:
    """As :func:`compare`, on an instance of the paper's cell."""
    with tempfile.TemporaryDirectory() as folder:
        instance_file = Path(folder) / "instance.json"
        subprocess.run([str(program), "write", str(users), str(instance_file)], check=True)
        return compare(instance_file, program)


def main() -> None:
    program = build_example("peer_goa")
    if len(sys.argv) > 1:
        print(compare(Path(sys.argv[1]), program))
    else:
        print(compare_at(USERS, program))


if __name__ == "__main__":
    main()
