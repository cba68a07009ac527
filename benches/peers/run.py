"""edgelm beside other simulators, on the same two queues and on one decision.

``python run.py`` installs the Python simulators into a virtual environment of its
own, builds the Rust programs, runs everything several times, holds every mean
sojourn against theory and prints one table. It exits with 1 if a mean is off.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import goa
from programs import PEERS, build_example, build_nexosim, python_with_peers, run_json
from theory import QUEUES, allowed_error_s

EDGELM = "edgelm"
WORKS = {"mm1": "M/M/1", "capped-ps": "capped sharing"}


@dataclass(frozen=True)
class Peer:
    """A program that simulates a work: ``command... WORK CUSTOMERS SEED``."""

    name: str
    command: list[str | Path]
    customers: int


@dataclass(frozen=True)
class Measured:
    """The runs of one peer on one work."""

    customers_per_s: float
    spread: float
    mean_sojourn_s: float


def peers(quick: bool) -> list[Peer]:
    """All that are compared, installed and built."""
    queues, nexosim, python = build_example("peer_queues"), build_nexosim(), python_with_peers()
    less = 10 if quick else 1
    fast, slow = 4_000_000 // less, 100_000 // less
    return [
        Peer(EDGELM, [queues, "complete"], fast),
        Peer("edgelm's list and stations", [queues, "parts"], fast),
        Peer("hand-written", [queues, "by-hand"], fast),
        Peer("hand-written, no event list", [queues, "without-list"], fast),
        Peer("NeXosim", [nexosim], fast // 4),
        Peer("SimPy", [python, PEERS / "simpy_queues.py"], slow),
        Peer("Ciw", [python, PEERS / "ciw_queues.py"], slow),
    ]


def measure(compared: list[Peer], runs: int) -> tuple[dict[tuple[str, str], Measured], list[str]]:
    """Runs all; also returns what is wrong with their means."""
    rates: dict[tuple[str, str], list[float]] = {}
    sojourns: dict[tuple[str, str], list[float]] = {}
    wrong: list[str] = []
    # In turn, so that whatever else the machine does meets all of them.
    for seed in range(1, runs + 1):
        for work, queue in QUEUES.items():
            for peer in compared:
                found = run_json([*peer.command, work, str(peer.customers), str(seed)])
                key = (peer.name, work)
                rates.setdefault(key, []).append(found["customers_per_s"])
                sojourns.setdefault(key, []).append(found["mean_sojourn"])
                theory, allowed = queue.mean_sojourn_s(), allowed_error_s(work, peer.customers)
                off = abs(found["mean_sojourn"] - theory)
                if found["customers"] != peer.customers or not off <= allowed:
                    wrong.append(
                        f"{peer.name}, {work}, seed {seed}: {found['customers']} of "
                        f"{peer.customers} customers, mean sojourn {found['mean_sojourn']:.4f} s, "
                        f"theory {theory:.4f} +- {allowed:.4f} s"
                    )
        print(f"run {seed} of {runs} done", file=sys.stderr)
    measured = {
        key: Measured(
            customers_per_s=statistics.median(rates[key]),
            spread=(max(rates[key]) - min(rates[key])) / statistics.median(rates[key]),
            mean_sojourn_s=statistics.fmean(sojourns[key]),
        )
        for key in rates
    }
    return measured, wrong


def table(compared: list[Peer], measured: dict[tuple[str, str], Measured]) -> str:
    """Customers per second of each peer, and edgelm's ratio to it."""
    lines = []
    for work, title in WORKS.items():
        theory = QUEUES[work].mean_sojourn_s()
        reference = measured[EDGELM, work].customers_per_s
        lines += [
            f"{title}, load 0.8, mean sojourn in theory {theory:.4f} s",
            "",
            f"{'':<30}{'customers/s':>14}{'spread':>9}{'edgelm / it':>13}{'mean / s':>11}",
        ]
        for peer in compared:
            one = measured[peer.name, work]
            lines.append(
                f"{peer.name:<30}{one.customers_per_s:>14,.0f}{one.spread:>9.0%}"
                f"{reference / one.customers_per_s:>13.2f}{one.mean_sojourn_s:>11.4f}"
            )
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="edgelm beside other simulators")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the customers")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    compared = peers(arguments.quick)
    measured, wrong = measure(compared, arguments.runs)
    print(table(compared, measured))
    print(goa.compare_at(goa.USERS, build_example("peer_goa")))
    if wrong:
        sys.exit("\n".join(["", "means that theory does not allow:", *wrong]))


if __name__ == "__main__":
    main()
