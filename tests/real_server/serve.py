"""Serves a model file on a free port of the loopback interface until it is ended.

python serve.py MODEL.gguf   prints "listening http://127.0.0.1:PORT" when ready
"""

import socket
import sys
import threading

import xllamacpp


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(model):
    settings = xllamacpp.CommonParams()
    settings.model.path = model
    settings.hostnames = ["127.0.0.1"]
    settings.port = free_port()
    settings.n_ctx = 2048
    settings.n_parallel = 1
    settings.cache_ram_mib = 0
    server = xllamacpp.Server(settings)
    print("listening", server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
