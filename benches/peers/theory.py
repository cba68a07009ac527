"""What queueing theory says of the two works, and how far a run may be from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Of a normal mean, one in two million is further away.
STANDARD_ERRORS = 5.0


@dataclass(frozen=True)
class Queue:
    """Poisson arrivals, exponential work of mean one second, up to ``servers`` jobs
    served at full rate and more of them at the rate of ``servers`` together.

    The number in the system, and so the mean sojourn, is the same first come first
    served and shared: both are M/M/c.
    """

    servers: int
    rate_hz: float

    def mean_sojourn_s(self) -> float:
        """1 / mu + C(c, a) / (c mu - lambda), C being Erlang's delay formula."""
        blocking = 1.0
        for k in range(1, self.servers + 1):
            blocking = self.rate_hz * blocking / (k + self.rate_hz * blocking)
        load = self.rate_hz / self.servers
        waits = blocking / (1.0 - load + load * blocking)
        return 1.0 + waits / (self.servers - self.rate_hz)

    def standard_error_s(self, customers: int) -> float:
        """Standard deviation of the mean sojourn of many successive customers.

        The sum of their sojourns is the area under the number in the system, so the
        deviation of their mean is that of a birth-death process that earns its state
        n per second and pays W for each arrival. With h(n) = g(n + 1) - g(n), g the
        solution of Poisson's equation, it is a martingale that jumps by h(n) - W at
        arrivals and by -h(n - 1) at departures.
        """
        states = 2_000  # Far more than are ever there.
        probabilities = [1.0]
        for n in range(1, states):
            probabilities.append(probabilities[-1] * self.rate_hz / min(n, self.servers))
        total = math.fsum(probabilities)
        probabilities = [p / total for p in probabilities]
        mean = math.fsum(n * p for n, p in enumerate(probabilities))
        sojourn = mean / self.rate_hz
        variance = 0.0
        below, previous = 0.0, 0.0
        for n, p in enumerate(probabilities):
            if p < 1e-15:
                break
            below += p * (mean - n)
            step = below / (self.rate_hz * p)
            departures = min(n, self.servers)
            variance += p * (self.rate_hz * (step - sojourn) ** 2 + departures * previous**2)
            previous = step
        return math.sqrt(variance / (self.rate_hz * customers))


QUEUES = {
    "mm1": Queue(servers=1, rate_hz=0.8),
    "capped-ps": Queue(servers=5, rate_hz=4.0),
}


def allowed_error_s(work: str, customers: int) -> float:
    """How far the mean sojourn of a run may be from theory."""
    return STANDARD_ERRORS * QUEUES[work].standard_error_s(customers)
