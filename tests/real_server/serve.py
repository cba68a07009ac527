"""Serves a model file on a free port of the loopback interface until it is ended.

python serve.py MODEL.gguf          prints "listening http://127.0.0.1:PORT" when ready
python serve.py MODEL.gguf SEATS    serves SEATS requests at a time, on one thread that has
                                    the last core for itself
"""

import os
import socket
import sys
import threading

import xllamacpp


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(model, seats=None):
    settings = xllamacpp.CommonParams()
    settings.model.path = model
    settings.hostnames = ["127.0.0.1"]
    settings.port = free_port()
    settings.n_ctx = 2048
    settings.n_parallel = 1
    settings.cache_ram_mib = 0
    if seats is not None:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        settings.n_parallel = seats
        settings.n_ctx = 512 * seats
        settings.n_batch = settings.n_ubatch = 256
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
        settings.endpoint_props = True
        # One cache for all seats: with one for each, a step is computed in parts, one for each
        # run of neighbouring seats, and no law of its tokens holds.
        settings.kv_unified = True
    server = xllamacpp.Server(settings)
    print("listening", server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
