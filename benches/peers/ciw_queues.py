"""M/M/1 and capped processor sharing in Ciw.

``python ciw_queues.py WORK CUSTOMERS SEED`` prints one line of JSON; WORK is
``mm1`` or ``capped-ps``.

Ciw's processor-sharing node has the cap built in: with ``ps_threshold`` R and no
limit to the jobs that share, a job among n is served at rate R / max(n, R), which
is min(1, R / n).
"""

from __future__ import annotations

import json
import sys
import time

import ciw  # type: ignore[import-untyped]

MEAN_WORK_S = 1.0
FULL_RATE_JOBS = 5
LOAD = 0.8


def mm1() -> ciw.Simulation:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=LOAD / MEAN_WORK_S)],
        service_distributions=[ciw.dists.Exponential(rate=1.0 / MEAN_WORK_S)],
        number_of_servers=[1],
    )
    return ciw.Simulation(network)


def capped_ps() -> ciw.Simulation:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=LOAD * FULL_RATE_JOBS / MEAN_WORK_S)],
        service_distributions=[ciw.dists.Exponential(rate=1.0 / MEAN_WORK_S)],
        number_of_servers=[float("inf")],
        ps_thresholds=[FULL_RATE_JOBS],
    )
    return ciw.Simulation(network, node_class=ciw.PSNode)


NETWORKS = {"mm1": mm1, "capped-ps": capped_ps}


def main() -> None:
    work, customers, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ciw.seed(seed)
    simulation = NETWORKS[work]()
    start = time.perf_counter()
    simulation.simulate_until_max_customers(customers, method="Finish")
    seconds = time.perf_counter() - start
    records = simulation.get_all_records()
    sojourns = [record.exit_date - record.arrival_date for record in records]
    line = {
        "peer": "Ciw",
        "work": work,
        "customers": len(sojourns),
        "seconds": seconds,
        "customers_per_s": len(sojourns) / seconds,
        "mean_sojourn": sum(sojourns) / len(sojourns),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
