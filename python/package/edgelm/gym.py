"""Gymnasium environments: a policy learns by deciding.

An episode is one replication of a scenario. Each step decides for the next
``batch`` queries that wait: action 0 answers on the device, action j + 1 sends to
server j. An observation has one row a query, with the features listed in
``features``: what the policy may know of the query (uncertainty, sizes, delay on its
device) and of every server (delay if it joined now, gain, queries connected,
capacity). Rows beyond the last waiting query are zero, and their actions are ignored.

The reward of a step is, over the queries that left since the last one,

    -(uncertainty x delay in seconds), summed, + right_answer_s x (right answers)

so that the return of a batch is minus the objective of the paper (Eq. 10) plus what
right answers are worth. In a batch scenario everything leaves after the last
decision, and so the reward comes with the last step. Where queries arrive over time
all that leave are counted, measured or not; the episode ends when the last query of
the measured window has left, with ``run: (after: Drain)`` when all have.

``gymnasium.make("edgelm.gym:edgelm/Cell-v0", scenario="fig3.ron")`` makes a `CellEnv`, and
``gymnasium.make_vec`` with ``vectorization_mode="vector_entry_point"`` a `CellVectorEnv`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from . import _changes, _source
from ._edgelm import Cells

__all__ = ["CellEnv", "CellVectorEnv"]

_BOUND = np.float32(1e6)


def _spaces(cells: Cells, batch: int) -> tuple[spaces.Box, spaces.Space]:
    width = len(cells.features)
    shape = (width,) if batch == 1 else (batch, width)
    observation = spaces.Box(-_BOUND, _BOUND, shape, np.float32)
    places = cells.servers + 1
    if batch == 1:
        return observation, spaces.Discrete(places)
    return observation, spaces.MultiDiscrete([places] * batch)


class CellEnv(gymnasium.Env[np.ndarray, Any]):
    """One cell of a scenario, one replication an episode.

    ``batch`` is how many waiting queries a step decides: 1 (the default) for one at
    a time, or the number of users for a whole batch at once. Policies that the
    scenario names play no part, its sweep neither.
    """

    metadata = {"render_modes": []}

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        *,
        batch: int = 1,
        right_answer_s: float = 0.0,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self._cells = Cells(*_source(scenario), _changes(overrides), 1, batch)
        self._batch = batch
        self._right_answer_s = float(right_answer_s)
        self.features: list[str] = self._cells.features
        self.observation_space, self.action_space = _spaces(self._cells, batch)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Draws a world: a replication found from ``seed``, or the one given as
        ``options={"replication": 7}``."""
        super().reset(seed=seed)
        replication = (options or {}).get("replication")
        if replication is None:
            replication = int(self.np_random.integers(2**31))
        self._cells.reset(0, replication)
        return self._observation(), {"replication": replication}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        actions = np.asarray(action, dtype=np.int64).reshape(-1)
        objective, _, correct, _, ended = self._cells.step([0], actions)
        reward = float(self._right_answer_s * correct[0] - objective[0])
        info = self._cells.totals(0)
        return self._observation(), reward, bool(ended[0]), False, info

    def _observation(self) -> np.ndarray:
        return self._cells.observe([0]).reshape(self.observation_space.shape)


class CellVectorEnv(VectorEnv):
    """``num_envs`` cells stepped in one call; a cell whose episode has ended is
    reset by the next step, whose action for it is ignored."""

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        num_envs: int,
        *,
        batch: int = 1,
        right_answer_s: float = 0.0,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self._cells = Cells(*_source(scenario), _changes(overrides), num_envs, batch)
        self._batch = batch
        self._right_answer_s = float(right_answer_s)
        self.num_envs = num_envs
        self.features: list[str] = self._cells.features
        self.single_observation_space, self.single_action_space = _spaces(self._cells, batch)
        self.observation_space = gymnasium.vector.utils.batch_space(
            self.single_observation_space, num_envs
        )
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)
        self._ended = np.zeros(num_envs, dtype=bool)
        self._all = list(range(num_envs))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        for cell in self._all:
            self._begin(cell)
        self._ended[:] = False
        return self._observation(), {}

    def step(
        self, actions: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        actions = np.asarray(actions, dtype=np.int64).reshape(self.num_envs, self._batch)
        going = [cell for cell in self._all if not self._ended[cell]]
        rewards = np.zeros(self.num_envs)
        ended = np.zeros(self.num_envs, dtype=bool)
        if going:
            chosen = np.ascontiguousarray(actions[going]).reshape(-1)
            objective, _, correct, _, over = self._cells.step(going, chosen)
            rewards[going] = self._right_answer_s * correct - objective
            ended[going] = over
        for cell in np.flatnonzero(self._ended):
            self._begin(int(cell))
        self._ended = ended
        truncated = np.zeros(self.num_envs, dtype=bool)
        return self._observation(), rewards, ended.copy(), truncated, {}

    def _begin(self, cell: int) -> None:
        self._cells.reset(cell, int(self.np_random.integers(2**31)))

    def _observation(self) -> np.ndarray:
        return self._cells.observe(self._all).reshape(self.observation_space.shape)


gymnasium.register(
    id="edgelm/Cell-v0",
    entry_point="edgelm.gym:CellEnv",
    vector_entry_point="edgelm.gym:CellVectorEnv",
)
