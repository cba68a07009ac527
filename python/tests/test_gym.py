"""The environments keep Gymnasium's contract and the simulator's numbers."""

import json
import runpy
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import edgelm
from edgelm.gym import CellEnv, CellVectorEnv

TEXT = "(users: (count: 12), replications: 1, policies: [LocalAll, EdgeAll])"
OVER_TIME = (
    "(users: (count: 6), replications: 1, sharing: Live, policies: [LocalAll], "
    "workload: (arrivals: Poisson(rate_per_user_hz: 2)), run: (duration_s: 5, after: Drain))"
)


@pytest.mark.parametrize("batch", [1, 5, 12])
def test_check_env(batch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(CellEnv(TEXT, batch=batch, right_answer_s=0.02), skip_render_check=True)


def play(env, action, replication=0):
    observation, _ = env.reset(options={"replication": replication})
    total, steps, ended = 0.0, 0, False
    while not ended:
        observation, reward, ended, truncated, info = env.step(action(observation))
        total, steps = total + reward, steps + 1
        assert not truncated
    return total, steps, info


def test_the_return_is_minus_the_objective_of_the_same_replication():
    row = edgelm.run(TEXT)[0]
    total, steps, info = play(CellEnv(TEXT), lambda _: 0)
    assert steps == 12
    assert total == pytest.approx(-row["objective"], rel=1e-12)
    assert info["delay_mean_ms"] == pytest.approx(row["delay_mean_ms"], rel=1e-12)
    assert info["accuracy"] == pytest.approx(row["accuracy"])


def test_one_at_a_time_and_all_at_once_are_the_same_episode():
    one = play(CellEnv(TEXT, right_answer_s=0.1), lambda _: 2)
    whole = play(CellEnv(TEXT, batch=12, right_answer_s=0.1), lambda _: [2] * 12)
    assert one[0] == pytest.approx(whole[0], rel=1e-12)
    assert (one[1], whole[1]) == (12, 1)
    assert one[2]["offloaded_share"] == 1.0


def test_right_answers_are_paid():
    free, _, info = play(CellEnv(TEXT), lambda _: 1)
    paid, _, _ = play(CellEnv(TEXT, right_answer_s=2.0), lambda _: 1)
    assert paid - free == pytest.approx(2.0 * info["accuracy"] * 12)


def test_observations_follow_what_was_placed():
    env = CellEnv(TEXT)
    observation, _ = env.reset(options={"replication": 3})
    at = {name: i for i, name in enumerate(env.features)}
    assert observation[at["queries_left"]] == 12
    assert observation[at["server_2_connected"]] == 0
    observation, *_ = env.step(3)
    assert observation[at["server_2_connected"]] == 1
    assert observation[at["queries_left"]] == 11


def test_wrong_actions_are_named():
    env = CellEnv(TEXT)
    env.reset(seed=1)
    with pytest.raises(ValueError, match="found action 5, allowed is 0"):
        env.step(5)
    with pytest.raises(ValueError, match="found 2 actions"):
        env.step([0, 0])


def test_seeds_repeat():
    env = CellEnv(TEXT)
    first, _ = env.reset(seed=5)
    again, _ = env.reset(seed=5)
    other, _ = env.reset()
    assert (first == again).all() and not (first == other).all()


def test_vector_steps_like_single_ones_and_resets_itself():
    vector = CellVectorEnv(TEXT, 3)
    observation, _ = vector.reset(seed=2)
    assert observation.shape == (3, len(vector.features))
    returns = np.zeros(3)
    for step in range(12):
        observation, rewards, ended, truncated, _ = vector.step(np.array([0, 1, 2]))
        returns += rewards
        assert ended.all() == (step == 11)
    assert (returns < 0).all()
    # The next step begins new episodes and pays nothing.
    observation, rewards, ended, _, _ = vector.step(np.array([0, 0, 0]))
    assert (rewards == 0).all() and not ended.any()
    left = vector.features.index("queries_left")
    assert (observation[:, left] == 12).all()
    vector.close()


def test_over_time_queries_come_one_by_one():
    row = edgelm.run(OVER_TIME)[0]
    total, steps, info = play(CellEnv(OVER_TIME), lambda _: 0)
    assert steps == info["queries"] == row["queries"] > 20
    assert total == pytest.approx(-row["objective"], rel=1e-9)


def test_what_ppo_has_learned_decides_in_edgelm(tmp_path):
    path = Path(__file__).parent.parent / "examples" / "learn_ppo.py"
    learner = runpy.run_path(str(path))
    said = []
    network = learner["learn"](learner["SCENARIO"], 0.1, 50, 1, said.append)
    assert len(said) == 1 and said[0].startswith("update 50 of 50")
    again = learner["learn"](learner["SCENARIO"], 0.1, 50, 1, said.append)
    assert network == again, "the same seed learns the same"
    (tmp_path / "learned.json").write_text(json.dumps(network))
    policies = "policies: [MinDelay, LocalAll, Learned(file: \"learned.json\")]"
    scenario = learner["SCENARIO"].replace("policies: [LocalAll]", policies)
    (tmp_path / "s.ron").write_text(scenario)
    results = edgelm.run(tmp_path / "s.ron", overrides={"replications": 3})
    rows = {row["policy"]: row for row in results}
    learned = rows["Learned(file: \"learned.json\")"]
    # It began with the least delay, and has not unlearned it.
    assert learned["delay_mean_ms"] < 0.8 * rows["LocalAll"]["delay_mean_ms"]
    assert learned["accuracy"] > rows["LocalAll"]["accuracy"] + 0.15


def test_a_learned_threshold_falls_as_right_answers_gain_worth():
    path = Path(__file__).parent.parent / "examples" / "learn_threshold.py"
    learner = runpy.run_path(str(path))
    patient = learner["learn"](0.1, rounds=5)
    hurried = learner["learn"](0.0, rounds=5)
    assert patient < hurried - 0.05


def test_gymnasium_makes_them_by_name():
    name = "edgelm.gym:edgelm/Cell-v0"
    made = gymnasium.make(name, scenario=TEXT, right_answer_s=0.1)
    assert isinstance(made.unwrapped, CellEnv)
    by_name = play(made, lambda _: 1)
    assert by_name == play(CellEnv(TEXT, right_answer_s=0.1), lambda _: 1)
    several = gymnasium.make_vec(
        name, num_envs=3, vectorization_mode="vector_entry_point", scenario=TEXT
    )
    assert isinstance(several.unwrapped, CellVectorEnv)
    observation, _ = several.reset(seed=1)
    assert observation.shape[0] == 3


def test_servers_that_batch_show_tokens_batches_and_memory():
    cell = """(users: (count: 20, serving: Phone(model: "llama-3.2-1b-4bit", hardware:
        "snapdragon-8-elite-npu")), servers: (serving: Batching(model: "llama-3.1-8b", card:
        "rtx-4090")), sharing: Live, run: (duration_s: 20), workload: (arrivals:
        Poisson(rate_per_user_hz: 0.5), tokens: (prompt_tokens: 64, output_tokens: 40)),
        policies: [EdgeAll])"""
    env = CellEnv(cell)
    at = {name: i for i, name in enumerate(env.features)}
    observation, info = env.reset(seed=3)
    most, ended = 0.0, False
    while not ended:
        assert observation[at["prompt_tokens"]] == 64
        assert observation[at["answer_tokens"]] == 40
        running = observation[at["server_0_running"]]
        memory = observation[at["server_0_memory_in_use"]]
        assert (running > 0) == (memory > 0)
        assert 0 <= memory <= 1
        most = max(most, running)
        observation, reward, ended, truncated, info = env.step(1)
        if ended:
            break
    assert most > 3
