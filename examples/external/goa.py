#!/usr/bin/env python3
"""The paper's GOA as an external policy of edgelm.

Usage, in a scenario:  External(command: ["python3", "goa.py", "0.6"])

edgelm writes one JSON object a line to standard input; those of type "decide"
are answered with one line on standard output. Anything for a person to read
belongs on standard error. This file decides exactly what edgelm's own
`Goa(tau: 0.6)` decides; replace `goa` by a rule of your own.
"""

import json
import math
import sys


def gap(query, j, servers, received, connected, tx_power_w):
    """The weighted delay gap (Eq. 18) of a query that joins server j now."""
    server = servers[j]
    n = connected[j] + 1
    signal = tx_power_w * query["gain"][j]
    sinr = signal / (received[j] + server["noise_w"])
    rate = server["bandwidth_hz"] / n * (math.log1p(sinr) * (1 / math.log(2)))
    if rate == 0.0:
        return math.inf
    compute = min(server["flops"] / n, server["max_flops_per_user"])
    edge = query["query_bits"] / rate + query["llm_flop"] / compute
    local = query["local_backlog_s"] + query["slm_flop"] / query["local_flops"]
    return query["uncertainty"] * (edge - local)


def goa(message, tau):
    """Pairs [query, server] of all that leave, by Algorithm 1."""
    if message["interference"] != "CoChannel":
        sys.exit(f"written for CoChannel interference, not {message['interference']}")
    servers, queries = message["servers"], message["queries"]
    tx_power_w = message["tx_power_w"]
    connected = [server["connected"] for server in servers]
    received = [server["from_others_w"] for server in servers]
    offload = []

    def place(candidates, while_it_gains):
        while candidates:
            delta, i, j = min(
                (gap(queries[i], j, servers, received, connected, tx_power_w), i, j)
                for i in candidates
                for j in range(len(servers))
            )
            if while_it_gains and delta >= 0:
                return
            candidates.remove(i)
            offload.append([i, j])
            connected[j] += 1
            for k, gain in enumerate(queries[i]["gain"]):
                if k != j:
                    received[k] += tx_power_w * gain

    uncertain = [i for i, query in enumerate(queries) if query["uncertainty"] > tau]
    others = [i for i, query in enumerate(queries) if query["uncertainty"] <= tau]
    place(uncertain, while_it_gains=False)
    place(others, while_it_gains=True)
    return offload


def main():
    tau = float(sys.argv[1]) if len(sys.argv) > 1 else 0.6
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            answer = {"protocol": 1}
        elif message["type"] == "decide":
            answer = {"id": message["id"], "offload": goa(message, tau)}
        else:
            # "begin_replication": this policy remembers nothing between calls.
            continue
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
