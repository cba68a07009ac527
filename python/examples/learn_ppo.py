#!/usr/bin/env python3
"""Learns where queries go by proximal policy optimisation (Schulman et al., 2017).

Two small networks, of what to do and of what is still to come, are trained with NumPy alone on
sixteen cells at once: first to go where the delay is least, then by what comes of it. What was
learned is saved as JSON, which scenarios name as `Learned(file: "learned.json")`:

    python learn_ppo.py learned.json            # about a minute on one core

With ``--scenario`` it learns for a scenario of your own. The reward is that of `edgelm.gym`: a
right answer is worth ``--right-answer-s``, uncertainty x delay is what it costs. Learn for that
scenario's number of servers; users may be more or fewer later.
"""

import argparse
import json

import numpy as np

from edgelm.gym import CellVectorEnv

CELLS = 16
STEPS = 256
EPOCHS = 4
MINIBATCH = 512
GAMMA = 0.99
LAMBDA = 0.95
CLIP = 0.2
ENTROPY = 0.003
LEARNING_RATE = 1e-3
HIDDEN = 32


class Mlp:
    """A network with one hidden layer of rectified linear units, trained by Adam."""

    def __init__(self, inputs, outputs, rng, last=1.0):
        self.parameters = [
            rng.normal(0, np.sqrt(2 / inputs), (HIDDEN, inputs)), np.zeros(HIDDEN),
            rng.normal(0, last / np.sqrt(HIDDEN), (outputs, HIDDEN)), np.zeros(outputs),
        ]
        self.first = [np.zeros_like(p) for p in self.parameters]
        self.second = [np.zeros_like(p) for p in self.parameters]
        self.steps = 0

    def forward(self, x):
        w1, b1, w2, b2 = self.parameters
        self.x, self.hidden = x, np.maximum(x @ w1.T + b1, 0)
        return self.hidden @ w2.T + b2

    def backward(self, gradient, rate):
        """One step against the gradient of the loss by the outputs."""
        _, _, w2, _ = self.parameters
        inner = (gradient @ w2) * (self.hidden > 0)
        gradients = [inner.T @ self.x, inner.sum(0), gradient.T @ self.hidden, gradient.sum(0)]
        norm = np.sqrt(sum(float((g * g).sum()) for g in gradients))
        self.steps += 1
        for at, g in enumerate(gradients):
            g = g * min(1.0, 0.5 / (norm + 1e-8))
            self.first[at] = 0.9 * self.first[at] + 0.1 * g
            self.second[at] = 0.999 * self.second[at] + 0.001 * g * g
            mean = self.first[at] / (1 - 0.9**self.steps)
            square = self.second[at] / (1 - 0.999**self.steps)
            self.parameters[at] -= rate * mean / (np.sqrt(square) + 1e-8)


def probabilities(scores):
    shifted = np.exp(scores - scores.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def learn(scenario, right_answer_s, updates, seed, say=print):
    """The network as `Learned(file: ..)` reads it."""
    env = CellVectorEnv(scenario, CELLS, right_answer_s=right_answer_s)
    rng = np.random.default_rng(seed)
    places = int(env.single_action_space.n)
    inputs = len(env.features)
    actor, critic = Mlp(inputs, places, rng, last=0.01), Mlp(inputs, 1, rng)
    seen, _ = env.reset(seed=seed)
    mean, deviation, seen = imitate(env, actor, rng, seen)
    scale = lambda rows: (rows.astype(np.float64) - mean) / deviation
    begins = np.zeros(CELLS, dtype=bool)
    for update in range(updates):
        rate = LEARNING_RATE * (1 - 0.95 * update / updates)
        shape = (STEPS, CELLS)
        states = np.zeros((*shape, inputs))
        actions, logs = np.zeros(shape, dtype=np.int64), np.zeros(shape)
        rewards, values, ends = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool)
        counted = np.ones(shape, dtype=bool)
        for step in range(STEPS):
            states[step] = scale(seen)
            p = probabilities(actor.forward(states[step]))
            chosen = (p.cumsum(-1) > rng.random((CELLS, 1))).argmax(-1)
            actions[step], logs[step] = chosen, np.log(p[np.arange(CELLS), chosen] + 1e-12)
            values[step] = critic.forward(states[step])[:, 0]
            # A cell whose episode ended is begun anew by this step: nothing is decided in it.
            counted[step] = ~begins
            seen, rewards[step], ended, _, _ = env.step(chosen)
            ends[step] = ended
            begins = ended.copy()
        scaled = rewards / right_answer_s
        last = critic.forward(scale(seen))[:, 0]
        advantages = np.zeros(shape)
        following, ahead = np.zeros(CELLS), last
        for step in reversed(range(STEPS)):
            goes_on = ~ends[step]
            change = scaled[step] + GAMMA * ahead * goes_on - values[step]
            following = change + GAMMA * LAMBDA * following * goes_on
            advantages[step], ahead = following, values[step]
        returns = advantages + values
        keep = counted.reshape(-1)
        x = states.reshape(-1, inputs)[keep]
        a, old = actions.reshape(-1)[keep], logs.reshape(-1)[keep]
        g, to_come = advantages.reshape(-1)[keep], returns.reshape(-1)[keep]
        g = (g - g.mean()) / (g.std() + 1e-8)
        for _ in range(EPOCHS):
            order = rng.permutation(len(a))
            for part in np.array_split(order, max(1, len(order) // MINIBATCH)):
                actor_step(actor, x[part], a[part], old[part], g[part], rate)
                value = critic.forward(x[part])[:, 0]
                critic.backward((value - to_come[part])[:, None] / len(part), rate)
        if (update + 1) % 50 == 0:
            say(f"update {update + 1} of {updates}: reward {rewards.mean():+.5f} s")
    w1, b1, w2, b2 = (rounded(p) for p in actor.parameters)
    return {
        "features": list(env.features),
        "mean": rounded(mean),
        "deviation": rounded(deviation),
        "layers": [{"weights": w1, "biases": b1}, {"weights": w2, "biases": b2}],
    }


def rounded(values):
    """Six digits, in lists."""
    return np.vectorize(lambda value: float(f"{value:.6g}"))(values).tolist()


def least_delay(env, seen):
    """Where each query is answered soonest, as far as its features tell."""
    delays = [at for at, name in enumerate(env.features) if name.endswith("_delay_ms")]
    return seen[:, delays].argmin(-1)


def imitate(env, actor, rng, seen):
    """Teaches the actor to go where the delay is least, now and then elsewhere, so that learning
    does not begin with servers that are overloaded. Gives mean and deviation of the features."""
    rows, chosen = [], []
    for _ in range(1500):
        goal = least_delay(env, seen)
        rows.append(seen.copy())
        chosen.append(goal)
        elsewhere = rng.random(CELLS) < 0.1
        strays = rng.integers(env.single_action_space.n, size=CELLS)
        seen, *_ = env.step(np.where(elsewhere, strays, goal))
    rows, chosen = np.concatenate(rows).astype(np.float64), np.concatenate(chosen)
    mean, deviation = rows.mean(0), np.maximum(rows.std(0), 1e-3)
    rows = (rows - mean) / deviation
    for _ in range(20):
        for part in np.array_split(rng.permutation(len(rows)), len(rows) // MINIBATCH):
            p = probabilities(actor.forward(rows[part]))
            p[np.arange(len(part)), chosen[part]] -= 1.0
            actor.backward(p / len(part), LEARNING_RATE)
    return mean, deviation, seen


def actor_step(actor, x, chosen, old, advantage, rate):
    """A step along the clipped objective, with a bonus for entropy."""
    p = probabilities(actor.forward(x))
    rows = np.arange(len(chosen))
    log = np.log(p + 1e-12)
    ratio = np.exp(log[rows, chosen] - old)
    clipped = ((advantage > 0) & (ratio > 1 + CLIP)) | ((advantage < 0) & (ratio < 1 - CLIP))
    weight = np.where(clipped, 0.0, ratio * advantage)
    one = np.zeros_like(p)
    one[rows, chosen] = 1.0
    gradient = -weight[:, None] * (one - p)
    entropy = -(p * log).sum(-1, keepdims=True)
    gradient += ENTROPY * p * (log + entropy)
    actor.backward(gradient / len(chosen), rate)


SCENARIO = """(
    users: (count: 60),
    servers: (capacity_tflops: 2),
    sharing: Live,
    workload: (arrivals: Poisson(rate_per_user_hz: 10)),
    run: (duration_s: 10, warm_up: Seconds(2)),
    policies: [LocalAll],
)"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", nargs="?", default="learned.json")
    parser.add_argument("--scenario", default=SCENARIO, help="a file, or RON text")
    parser.add_argument("--right-answer-s", type=float, default=0.1)
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    network = learn(given.scenario, given.right_answer_s, given.updates, given.seed)
    with open(given.out, "w") as file:
        json.dump(network, file)
    print(f"saved to {given.out}")
