#!/usr/bin/env python3
"""Run the tasks of an edgelm plan on a Ray cluster and merge their records.

    edgelm plan SCENARIO -o plan.json
    python edgelm_ray.py plan.json --records records --out output

The nodes need Ray and nothing else: the edgelm binary and the plan travel to them
as the job's working directory, and records come back as the values of remote calls, so no
file system is shared. Start again after any failure with the same command: tasks
whose records are in the records folder are not run again.

Exit codes: 0 done; 1 a task failed in a way that a retry will not cure, or was
killed too often; 2 wrong use.
"""

import argparse
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

# A connection whose cable was cut is noticed after these, not after minutes. They
# must be set in every Ray process: in the shells that run `ray start`, too.
for name in ("RAY_grpc_client_keepalive_time_ms", "RAY_grpc_client_keepalive_timeout_ms"):
    os.environ.setdefault(name, "5000")

import ray  # noqa: E402  (reads its environment when it is imported)

BLOCKS_IN_FLIGHT_PER_CPU = 4
SECONDS_PER_BLOCK = 45.0
SECONDS_BETWEEN_LINES = 5.0


class ChildKilled(Exception):
    """The edgelm process died by a signal: out of memory, pre-empted, killed."""


class TaskFailed(Exception):
    """edgelm refused or failed: the same tasks would fail anywhere."""


def run_tasks(tasks):
    """Run tasks in a child process; return its records and its seconds."""
    binary = os.path.abspath("edgelm")
    if not os.path.exists(binary):
        raise TaskFailed(
            f"tasks {tasks}: the working directory is gone from node {os.uname().nodename}: give "
            "nodes that share a disk folders of their own with `ray start --temp-dir`"
        )
    if not os.access(binary, os.X_OK):  # modes do not survive every transport
        os.chmod(binary, 0o755)
    started = time.monotonic()
    child = subprocess.run(
        [binary, "shard", "plan.json", "--tasks", tasks, "--out", "-", "--threads", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if child.returncode < 0 or child.returncode >= 128:
        signal = -child.returncode if child.returncode < 0 else child.returncode - 128
        print(f"tasks {tasks}: edgelm was killed by signal {signal}, to be retried", file=sys.stderr)
        raise ChildKilled(f"tasks {tasks}: killed by signal {signal}")
    if child.returncode != 0:
        text = child.stderr.decode(errors="replace").strip()
        raise TaskFailed(f"tasks {tasks}: edgelm ended with code {child.returncode}: {text}")
    return child.stdout, time.monotonic() - started


class Blocks:
    """Hands out the missing tasks in blocks, each from one range."""

    def __init__(self, ranges, fixed):
        self.ranges = collections.deque(ranges)
        self.fixed = fixed
        self.left = sum(end - start for start, end in ranges)
        self.seconds, self.tasks = 0.0, 0

    def measured(self, tasks, seconds):
        self.seconds += seconds
        self.tasks += tasks

    def size(self, cpus):
        if self.fixed:
            return self.fixed
        if not self.tasks:
            return 1  # the first blocks measure
        per_task = max(self.seconds / self.tasks, 1e-4)
        # Towards the end smaller ones, so that no node works while the others wait.
        even = -(-self.left // (2 * cpus))
        return max(1, min(int(SECONDS_PER_BLOCK / per_task), even))

    def next(self, cpus):
        start, end = self.ranges.popleft()
        middle = min(end, start + self.size(cpus))
        if middle < end:
            self.ranges.appendleft((middle, end))
        self.left -= middle - start
        return start, middle


def write_whole(path, data):
    """Write beside, bring to the disk, rename: never half there."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".edgelm-", delete=False) as beside:
        beside.write(data)
        beside.flush()
        os.fsync(beside.fileno())
    os.chmod(beside.name, 0o644)
    os.replace(beside.name, path)


def merge(arguments):
    """Merge what is there; return the ranges that are missing, none if all is done."""
    command = [arguments.edgelm, "merge", arguments.plan, arguments.records, "--out", arguments.out]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    text = done.stdout.decode()
    if done.returncode == 0:
        sys.stdout.write(text)
        return []
    if done.returncode != 3:
        sys.exit(done.returncode if done.returncode > 0 else 1)
    return [tuple(map(int, part.split(".."))) for part in text.strip().split(",")]


def alive():
    return [node for node in ray.nodes() if node["Alive"]]


def cpus(nodes):
    return max(1, int(sum(node["Resources"].get("CPU", 0) for node in nodes)))


def wait_for_nodes(wanted, seconds):
    deadline = time.monotonic() + seconds
    while len(alive()) < wanted:
        if time.monotonic() > deadline:
            sys.exit(f"only {len(alive())} of {wanted} nodes came within {seconds} s")
        time.sleep(0.5)


def sweep(ranges, arguments):
    """Run the tasks of the ranges; write the records of every block as it comes."""
    remote_block = ray.remote(
        num_cpus=1,
        max_retries=arguments.retries,
        # A failure of edgelm itself is the same on every node: only what was killed
        # is worth another try. Blocks of lost nodes are retried by Ray anyway.
        retry_exceptions=[ChildKilled],
        scheduling_strategy="SPREAD",
    )(run_tasks)
    blocks = Blocks(ranges, arguments.block)
    total, done = blocks.left, 0
    records = pathlib.Path(arguments.records).resolve()
    in_flight = {}
    started = time.monotonic()
    looked = said = -SECONDS_BETWEEN_LINES
    nodes = alive()
    known = None
    while blocks.left or in_flight:
        now = time.monotonic()
        if now - looked > 1.0:
            nodes, looked = alive(), now
        if now - said > SECONDS_BETWEEN_LINES or len(nodes) != known:
            said, known = now, len(nodes)
            elapsed = now - started
            to_go = f", {elapsed / done * (total - done):.0f} s to go" if done else ""
            print(
                f"[{elapsed:.0f} s] {done} of {total} tasks, {len(in_flight)} blocks in flight, "
                f"{known} nodes alive with {cpus(nodes)} CPUs{to_go}",
                file=sys.stderr,
                flush=True,
            )
        while blocks.left and len(in_flight) < BLOCKS_IN_FLIGHT_PER_CPU * cpus(nodes):
            start, end = blocks.next(cpus(nodes))
            in_flight[remote_block.remote(f"{start}..{end}")] = (start, end)
        ready, _ = ray.wait(list(in_flight), num_returns=1, timeout=1.0)
        for reference in ready:
            start, end = in_flight.pop(reference)
            data, seconds = ray.get(reference)
            write_whole(records / f"block-{start:07}-{end:07}.records", data)
            blocks.measured(end - start, seconds)
            done += end - start
    print(
        f"[{time.monotonic() - started:.1f} s] {done} tasks run, {blocks.seconds:.1f} s of work, "
        f"{len(alive())} nodes alive",
        file=sys.stderr,
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("plan", help="the plan that `edgelm plan` wrote")
    parser.add_argument("--records", default="records", help="folder for the records (records)")
    parser.add_argument("--out", default="output", help="folder for the results (output)")
    parser.add_argument("--edgelm", default=shutil.which("edgelm"), help="the edgelm binary")
    parser.add_argument("--address", default="auto", help="the cluster (auto: the one here)")
    parser.add_argument("--nodes", type=int, default=1, help="nodes to wait for (1)")
    parser.add_argument("--wait", type=float, default=300.0, help="seconds to wait for them (300)")
    parser.add_argument("--block", type=int, default=0, help="tasks a block (0: 45 s of work)")
    parser.add_argument("--retries", type=int, default=20, help="per block, of what was killed (20)")
    arguments = parser.parse_args()
    if not arguments.edgelm:
        parser.error("no edgelm in the PATH: give --edgelm FILE")
    os.makedirs(arguments.records, exist_ok=True)
    ranges = merge(arguments)
    if not ranges:
        return
    with tempfile.TemporaryDirectory(prefix="edgelm-") as folder:
        shutil.copy(arguments.edgelm, os.path.join(folder, "edgelm"))
        shutil.copy(arguments.plan, os.path.join(folder, "plan.json"))
        ray.init(
            address=arguments.address,
            runtime_env={"working_dir": folder},
            logging_level="warning",
        )
        wait_for_nodes(arguments.nodes, arguments.wait)
        try:
            sweep(ranges, arguments)
        except ray.exceptions.RayTaskError as error:
            sys.exit(f"error: {error.cause}")
        finally:
            ray.shutdown()
    if merge(arguments):
        sys.exit("error: records are missing though every block returned")


if __name__ == "__main__":
    main()
