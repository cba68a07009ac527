"""Two hosts on one machine, and what can happen to them during a sweep.

    python two_hosts.py EDGELM FOLDER_OF_RAY_AND_PYTHON

Started by run.sh. Every host is a network namespace with a mount namespace of its own,
in which Ray's folder and shared memory are private; a third network namespace holds the
switch. Nothing reaches a network of the machine itself.

Nothing here may depend on how fast the machine is. So what is to be lost is first held:
an edgelm that is stopped (SIGSTOP) cannot be done before it is killed; and before the
next loss the test waits until the driver has told of the last one.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

EDGELM = os.path.abspath(sys.argv[1])
# Not resolved: a virtual environment is known by the path of its interpreter.
RAY_BIN = os.path.abspath(sys.argv[2])
DRIVER = pathlib.Path(__file__).resolve().parents[2] / "cluster/ray/edgelm_ray.py"
TASKS = 120
SCENARIO = """(
    users: (count: %d), replications: 500, policies: [EdgeAll, Goa(tau: 0.6), MinDelay],
    sweep: (field: "users.tx_power_mw", values: [20, 50, 80, 110, 140, 170]),
)"""
# So that a block lasts long enough to be caught at work.
USERS = 500
CPUS = 2
# For what must happen at last, on any machine: only a failure waits so long.
PATIENCE_S = 600
# As Ray comes, it asks after a silent connection for the first time when 300 s are over.
SECONDS_AFTER_A_CUT = 240
ENVIRONMENT = {
    **os.environ,
    "RAY_grpc_client_keepalive_time_ms": "5000",
    "RAY_grpc_client_keepalive_timeout_ms": "5000",
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
MISSES_NAMESPACES = "namespaces are not permitted here"


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def check(holds, text):
    if not holds:
        raise AssertionError(text)


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def shard_children(pids):
    """The edgelm processes among some processes that are at work on tasks."""
    found = []
    for pid in pids:
        words = command_line(pid)
        if len(words) > 1 and words[0].endswith("/edgelm") and words[1] == "shard":
            found.append(pid)
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def state(pid):
    """The letter of a process's state (T: stopped), None if it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return None


def stop_at_work(pid):
    """Stop a process; False if it ended before it stopped."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    while (now := state(pid)) not in (None, "T", "Z", "X"):
        time.sleep(0.001)
    return now == "T"


def resume(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def descendants(root):
    """The processes under one, itself included."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        found.append(pid)
        open_.extend(children.get(pid, []))
    return found


class Sweep:
    """The reference of a scenario, and a driver at work on its plan."""

    def __init__(self, folder, users):
        self.folder = folder
        self.at("sweep.ron").write_text(SCENARIO % users)
        started = time.monotonic()
        self.edgelm("run", "sweep.ron", "--out", "expected")
        say(f"edgelm run: {TASKS} tasks in {time.monotonic() - started:.1f} s")
        self.edgelm("plan", "sweep.ron", "-o", "plan.json")
        self.driver = None

    def at(self, name):
        return self.folder / name

    def edgelm(self, *arguments):
        subprocess.run([EDGELM, *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def start(self, case, address, prefix=(), nodes=2):
        self.case = case
        self.log = self.at(f"{case}.log")
        command = [
            *prefix, f"{RAY_BIN}/python", str(DRIVER), "plan.json", "--edgelm", EDGELM,
            "--records", f"{case}-records", "--out", f"{case}-results",
            "--address", address, "--nodes", str(nodes), "--wait", "120", "--block", "2",
        ]
        with open(self.log, "wb") as log:
            self.driver = subprocess.Popen(
                command, cwd=self.folder, env=ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT
            )

    def done(self):
        return 2 * len(list(self.at(f"{self.case}-records").glob("block-*.records")))

    def until(self, holds, what):
        """Wait, while the driver runs, until something holds; return what it gives."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := holds()):
            check(self.driver.poll() is None, f"the driver ended before {what}:\n{self.text()}")
            check(time.monotonic() < deadline, f"no sign of {what}:\n{self.text()}")
            time.sleep(0.01)
        return found

    def until_done(self, tasks):
        self.until(lambda: self.done() >= tasks, f"{tasks} tasks done, of which {self.done()} are")

    def until_told(self, nodes, since=0):
        """Wait until the driver has told, after so many counts, that so many nodes live."""
        self.until(lambda: nodes in self.nodes_alive()[since:], f"{nodes} nodes alive")
        return len(self.nodes_alive())

    def hold(self, pids, count):
        """Stop so many edgelm processes at work on tasks, and return their numbers."""
        held = []

        def more():
            for pid in shard_children(pids()):
                if pid not in held and stop_at_work(pid):
                    held.append(pid)
                if len(held) == count:
                    return True

        self.until(more, f"{count} edgelm processes at work")
        return held

    def kill_a_child(self, pids):
        """Kill an edgelm at work on tasks, and wait until that was told."""
        (pid,) = self.hold(pids, 1)
        check(kill(pid), "a stopped process is gone")
        say(f"{self.done()} tasks done: killed the edgelm process {pid}")
        self.until(lambda: "killed by signal 9, to be retried" in self.text(), "the child's death")

    def until_more_done(self):
        """Wait until more is done than now, which is by others than who is held."""
        self.until_done(self.done() + 2)

    def text(self):
        return self.log.read_text(errors="replace")

    def nodes_alive(self):
        """The numbers of nodes alive that the driver told, in order."""
        return [int(count) for count in re.findall(r"(\d+) nodes alive", self.text())]

    def finish(self):
        """Wait for the driver; its files must be those of `edgelm run`."""
        code = self.driver.wait(timeout=PATIENCE_S)
        check(code == 0, f"the driver ended with code {code}:\n{self.text()}")
        expected, found = self.at("expected/sweep"), self.at(f"{self.case}-results/sweep")
        names = sorted(path.name for path in expected.iterdir())
        check(len(names) > 5, "edgelm run wrote too few files")
        check(sorted(path.name for path in found.iterdir()) == names, "other files")
        for name in names:
            check((expected / name).read_bytes() == (found / name).read_bytes(), f"{name} differs")
        say(f"{self.case}: {len(names)} files are those of edgelm run")

    def abandon(self):
        if self.driver and self.driver.poll() is None:
            self.driver.kill()
            self.driver.wait()


class Network:
    """A switch and hosts on it."""

    def __init__(self, folder):
        self.folder = folder
        self.tag = f"edgelm{os.getpid()}"
        self.switch = f"{self.tag}s"
        self.hosts = []

    def __enter__(self):
        try:
            self.ip("netns", "add", self.switch)
            self.ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
            self.ip("-n", self.switch, "link", "set", "bridge", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            raise PermissionError(str(error)) from error
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            host.stop()
        subprocess.run(["ip", "netns", "del", self.switch], stderr=subprocess.DEVNULL)

    @staticmethod
    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True, stderr=subprocess.PIPE)

    def host(self, number):
        host = Host(self, number)
        self.hosts.append(host)
        return host


class Host:
    """A network and a mount namespace, held by a process that sleeps."""

    def __init__(self, network, number):
        self.network = network
        self.name = f"{network.tag}h{number}"
        self.address = f"10.99.0.{number}"
        self.cable = f"to{number}"
        ip = network.ip
        self.holder = None
        ip("netns", "add", self.name)
        try:
            ip("link", "add", self.cable, "netns", network.switch, "type", "veth",
               "peer", "name", "eth0", "netns", self.name)
            ip("-n", network.switch, "link", "set", self.cable, "master", "bridge", "up")
            ip("-n", self.name, "link", "set", "lo", "up")
            ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
            ip("-n", self.name, "link", "set", "eth0", "up")
            self.temporary = network.folder / "ray"
            self.temporary.mkdir(exist_ok=True)
            script = (
                f"mount -t tmpfs -o size=1g tmpfs {self.temporary} && "
                "mount -t tmpfs -o size=1g tmpfs /dev/shm && echo ready && exec sleep infinity"
            )
            self.holder = subprocess.Popen(
                ["ip", "netns", "exec", self.name,
                 "unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            if self.holder.stdout.readline() != b"ready\n":
                raise PermissionError(self.holder.stderr.read().decode())
        except subprocess.CalledProcessError as error:
            raise PermissionError(error.stderr.decode()) from error

    def inside(self):
        # The folder is entered inside: one from outside would be of another mount.
        return ["nsenter", "--target", str(self.holder.pid), "--mount", "--net",
                "sh", "-c", 'cd "$0" && exec "$@"', str(self.network.folder)]

    def pids(self):
        listed = subprocess.run(["ip", "netns", "pids", self.name], stdout=subprocess.PIPE)
        return [int(pid) for pid in listed.stdout.split() if int(pid) != self.holder.pid]

    def ray(self, *arguments):
        command = [*self.inside(), f"{RAY_BIN}/ray", "start", "--num-cpus", str(CPUS),
                   "--node-ip-address", self.address, "--object-store-memory", "200000000",
                   "--disable-usage-stats", *arguments]
        done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        check(done.returncode == 0, f"ray start on {self.name}:\n{done.stdout.decode()}")

    def head(self):
        self.ray("--head", "--port", "6379", "--include-dashboard=false",
                 "--temp-dir", str(self.temporary))
        return f"{self.address}:6379"

    def join(self, address):
        self.ray("--address", address, "--temp-dir", str(self.temporary))

    def kill_all(self):
        killed = sum(kill(pid) for pid in self.pids())
        check(killed > 1, f"{self.name} had {killed} processes")
        return killed

    def cut(self):
        self.network.ip("-n", self.network.switch, "link", "set", self.cable, "down")

    def stop(self):
        for _ in range(5):
            for pid in self.pids() if self.holder else []:
                kill(pid)
        if self.holder:
            self.holder.kill()
            self.holder.wait()
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL)


def losses(sweep, network):
    """A child, then a whole host, are killed; another host joins late."""
    one, two, three = (network.host(number) for number in (1, 2, 3))
    address = one.head()
    two.join(address)
    sweep.start("losses", address, prefix=one.inside())
    sweep.until_done(10)
    sweep.kill_a_child(two.pids)
    # Something that is lost with the host, and nobody who ends the sweep before the
    # other host is there.
    sweep.hold(two.pids, 1)
    held = sweep.hold(one.pids, CPUS)
    told = len(sweep.nodes_alive())
    say(f"{sweep.done()} tasks done: killed {two.kill_all()} processes of a host")
    told = sweep.until_told(1, told)
    three.join(address)
    sweep.until_told(2, told)
    say(f"{sweep.done()} tasks done: another host has joined")
    sweep.until_more_done()
    say(f"{sweep.done()} tasks done: it works")
    resume(held)
    sweep.finish()


def cut_cable(sweep, network):
    """The cable of a host is cut; nobody tells the others."""
    one, two = (network.host(number) for number in (1, 2))
    address = one.head()
    two.join(address)
    sweep.start("cut", address, prefix=one.inside())
    sweep.until_done(60)
    sweep.hold(two.pids, 1)
    told = len(sweep.nodes_alive())
    two.cut()
    cut = time.monotonic()
    say(f"{sweep.done()} tasks done: cut the cable of a host")
    sweep.until_told(1, told)
    say(f"the driver told so {time.monotonic() - cut:.1f} s after the cut")
    sweep.finish()
    took = time.monotonic() - cut
    say(f"finished {took:.1f} s after the cut")
    check(took < SECONDS_AFTER_A_CUT, f"{took:.0f} s after the cut are too many:\n{sweep.text()}")


def processes(sweep):
    """The same losses with two nodes of one host."""
    os.environ.update({name: ENVIRONMENT[name] for name in ENVIRONMENT if name.startswith("RAY_")})
    from ray.cluster_utils import Cluster

    # Nodes that share Ray's folder would lose the working directory with the first.
    def arguments(name):
        return {"num_cpus": CPUS, "temp_dir": str(sweep.at(name)), "include_log_monitor": True}

    held = []
    cluster = Cluster(initialize_head=True, head_node_args=arguments("a"))
    try:
        node = cluster.add_node(**arguments("b"))
        cluster.wait_for_nodes()
        sweep.start("processes", cluster.address)
        sweep.until_done(10)

        # Nodes as processes of one host are children of this one.
        def pids():
            return descendants(os.getpid())

        sweep.kill_a_child(pids)
        held = sweep.hold(pids, 2 * CPUS)
        told = len(sweep.nodes_alive())
        say(f"{sweep.done()} tasks done: killed a node")
        cluster.remove_node(node, allow_graceful=False)
        told = sweep.until_told(1, told)
        cluster.add_node(**arguments("c"))
        sweep.until_told(2, told)
        say(f"{sweep.done()} tasks done: another node has joined")
        sweep.until_more_done()
        say(f"{sweep.done()} tasks done: it works")
        resume(held)
        sweep.finish()
    finally:
        resume(held)
        cluster.shutdown()


def main():
    # A short path: Ray's sockets lie under it.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="edgelm-", dir="/tmp"))
    sweep = None
    try:
        sweep = Sweep(folder, USERS)
        try:
            if os.environ.get("EDGELM_CLUSTER_TEST") == "processes":
                raise PermissionError("EDGELM_CLUSTER_TEST=processes")
            for case in (losses, cut_cable):
                with Network(folder) as network:
                    case(sweep, network)
                    sweep.abandon()
        except PermissionError as error:
            say("=" * 70)
            say(f"SKIPPED the hosts as namespaces: {MISSES_NAMESPACES} ({error})")
            say("SKIPPED the cut cable. Two nodes as processes of one host instead:")
            say("=" * 70)
            processes(sweep)
    except subprocess.TimeoutExpired:
        sys.exit(f"the driver does not end:\n{sweep.text()}")
    except AssertionError as error:
        sys.exit(f"FAILED: {error}")
    finally:
        if sweep:
            sweep.abandon()
        shutil.rmtree(folder, ignore_errors=True)
    say("ok")


if __name__ == "__main__":
    main()
