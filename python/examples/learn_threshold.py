#!/usr/bin/env python3
"""Learns the uncertainty threshold of a simple policy by the cross-entropy method.

The policy: a query more uncertain than tau goes to the server that would answer it
soonest, any other stays. What a right answer is worth decides which tau is best.

Run it with:  python learn_threshold.py
"""

import numpy as np

from edgelm.gym import CellEnv

SCENARIO = "(users: (count: 60), policies: [LocalAll])"


def episode(env: CellEnv, tau: float, replication: int) -> float:
    """The return of one replication under the threshold."""
    delays = [i for i, name in enumerate(env.features) if name.endswith("edge_delay_ms")]
    uncertainty = env.features.index("uncertainty")
    observation, _ = env.reset(options={"replication": replication})
    total, ended = 0.0, False
    while not ended:
        leaves = observation[uncertainty] > tau
        action = 1 + int(np.argmin(observation[delays])) if leaves else 0
        observation, reward, ended, _, _ = env.step(action)
        total += reward
    return total


def learn(right_answer_s: float, rounds: int = 8, seed: int = 1) -> float:
    """The learned threshold, for a worth of right answers in seconds."""
    env = CellEnv(SCENARIO, right_answer_s=right_answer_s)
    rng = np.random.default_rng(seed)
    mean, spread = 0.5, 0.3
    for _ in range(rounds):
        candidates = np.clip(rng.normal(mean, spread, 24), 0.0, 1.0)
        replications = rng.integers(2**31, size=6)
        # The same worlds for every candidate: differences are the threshold's.
        returns = [
            np.mean([episode(env, tau, int(world)) for world in replications])
            for tau in candidates
        ]
        elite = candidates[np.argsort(returns)[-6:]]
        mean, spread = float(elite.mean()), float(elite.std()) + 0.01
    return mean


if __name__ == "__main__":
    for worth_ms in (0, 20, 100):
        tau = learn(worth_ms * 1e-3)
        print(f"a right answer is worth {worth_ms:3} ms: tau = {tau:.2f}")
