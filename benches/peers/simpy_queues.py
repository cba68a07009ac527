"""M/M/1 and capped processor sharing in SimPy.

``python simpy_queues.py WORK CUSTOMERS SEED`` prints one line of JSON; WORK is
``mm1`` or ``capped-ps``.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
import time
from collections.abc import Generator
from itertools import count

import simpy

MEAN_WORK_S = 1.0
FULL_RATE_JOBS = 5.0
LOAD = 0.8

Process = Generator[simpy.Event, object, None]


class Sojourns:
    """Sum of the times that customers spent in the system."""

    def __init__(self) -> None:
        self.customers = 0
        self.sum_s = 0.0

    def add(self, sojourn_s: float) -> None:
        self.customers += 1
        self.sum_s += sojourn_s


def mm1_customer(
    env: simpy.Environment, server: simpy.Resource, rng: random.Random, sojourns: Sojourns
) -> Process:
    arrived = env.now
    with server.request() as turn:
        yield turn
        yield env.timeout(rng.expovariate(1.0 / MEAN_WORK_S))
    sojourns.add(env.now - arrived)


def mm1_source(
    env: simpy.Environment, customers: int, rng: random.Random, sojourns: Sojourns
) -> Process:
    server = simpy.Resource(env, capacity=1)
    rate_hz = LOAD / MEAN_WORK_S
    for _ in range(customers):
        yield env.timeout(rng.expovariate(rate_hz))
        env.process(mm1_customer(env, server, rng, sojourns))


class SharedServer:
    """A server shared by its jobs, each capped: a job among n runs at min(1, 5 / n).

    All jobs progress alike, so that one number tells how much work any of them has
    received. The server's process sleeps until the next completion; an arrival
    interrupts it.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.progress = 0.0
        self.updated = 0.0
        self.jobs: list[tuple[float, int, simpy.Event]] = []
        self.numbers = count()
        self.process = env.process(self.serve())

    def submit(self, work_s: float) -> simpy.Event:
        """A job arrives; the event that is returned is its completion."""
        self.advance()
        done = self.env.event()
        heapq.heappush(self.jobs, (self.progress + work_s, next(self.numbers), done))
        self.process.interrupt()
        return done

    def serve(self) -> Process:
        while True:
            try:
                if not self.jobs:
                    yield self.env.event()
                yield self.env.timeout((self.jobs[0][0] - self.progress) / self.rate())
            except simpy.Interrupt:
                continue
            self.advance()
            self.progress, _, done = heapq.heappop(self.jobs)
            done.succeed()

    def rate(self) -> float:
        return min(1.0, FULL_RATE_JOBS / max(1, len(self.jobs)))

    def advance(self) -> None:
        if self.jobs:
            # Rounding of the clock must not carry the progress past the next completion.
            received = self.rate() * (self.env.now - self.updated)
            self.progress = min(self.progress + received, self.jobs[0][0])
        else:
            self.progress = 0.0
        self.updated = self.env.now


def ps_job(
    env: simpy.Environment, server: SharedServer, work_s: float, sojourns: Sojourns
) -> Process:
    arrived = env.now
    yield server.submit(work_s)
    sojourns.add(env.now - arrived)


def ps_source(
    env: simpy.Environment, customers: int, rng: random.Random, sojourns: Sojourns
) -> Process:
    server = SharedServer(env)
    rate_hz = LOAD * FULL_RATE_JOBS / MEAN_WORK_S
    for _ in range(customers):
        yield env.timeout(rng.expovariate(rate_hz))
        env.process(ps_job(env, server, rng.expovariate(1.0 / MEAN_WORK_S), sojourns))


SOURCES = {"mm1": mm1_source, "capped-ps": ps_source}


def main() -> None:
    work, customers, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    env = simpy.Environment()
    sojourns = Sojourns()
    env.process(SOURCES[work](env, customers, random.Random(seed), sojourns))
    start = time.perf_counter()
    env.run()
    seconds = time.perf_counter() - start
    line = {
        "peer": "SimPy",
        "work": work,
        "customers": sojourns.customers,
        "seconds": seconds,
        "customers_per_s": sojourns.customers / seconds,
        "mean_sojourn": sojourns.sum_s / sojourns.customers,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
