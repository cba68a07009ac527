#!/usr/bin/env python3
"""How many steps a second the environments take, on whatever machine this is."""

import time

import numpy as np

from edgelm.gym import CellEnv, CellVectorEnv

SCENARIO = "(users: (count: 120), policies: [LocalAll])"


def single(batch: int, seconds: float) -> float:
    env = CellEnv(SCENARIO, batch=batch)
    action = 1 if batch == 1 else [1] * batch
    steps, replication = 0, 0
    env.reset(options={"replication": 0})
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        *_, ended, _, _ = env.step(action)
        steps += 1
        if ended:
            replication += 1
            env.reset(options={"replication": replication})
    return steps / (time.perf_counter() - started)


def vector(count: int, seconds: float) -> float:
    env = CellVectorEnv(SCENARIO, count)
    env.reset(seed=1)
    actions = np.ones(count, dtype=np.int64)
    steps = 0
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        env.step(actions)
        steps += count
    return steps / (time.perf_counter() - started)


if __name__ == "__main__":
    print(f"one query a step:            {single(1, 3):10,.0f} steps/s")
    print(f"120 queries a step:          {single(120, 3):10,.0f} steps/s")
    print(f"one query a step, 16 cells:  {vector(16, 3):10,.0f} steps/s")
    print(f"one query a step, 256 cells: {vector(256, 3):10,.0f} steps/s")
