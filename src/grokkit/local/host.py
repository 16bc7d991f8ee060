"""The process that holds the model: loads it, says its port in one line, serves until its owner is gone.

Run as a script with its settings as JSON, and importing nothing of grokkit, so that it starts fast. Its
standard input is a pipe that only the owner holds: when that ends, for whatever reason, so does this process,
at once.

The engine is not run inside the owner because llama.cpp, as a library, holds the interpreter's lock while it
loads, waits for open streams when it closes, and hangs every forked child at its exit.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

QUIET = 1  # llama.cpp's errors only; the owner quotes them when loading fails
LOUD = 3


def main() -> None:
    """Serve the model that the settings in the first argument name."""
    settings = json.loads(sys.argv[1])
    report = os.dup(1)
    os.dup2(2, 1)  # what native code prints must not mix with the report
    sys.path.append(settings["library"])
    xllamacpp = importlib.import_module("xllamacpp")

    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["name"]}
    params.verbosity = LOUD if settings["log"] else QUIET
    params.port = settings["port"]
    params.n_parallel = settings["parallel"]
    params.n_ctx = settings["context_window"] * settings["parallel"]
    params.warmup = params.fit_params = params.ui = params.endpoint_slots = False
    params.cors_origins, params.cors_origins_explicit, params.cors_credentials = "", True, False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    if settings["chat_template"]:
        params.chat_template = settings["chat_template"]

    server = xllamacpp.Server(params)
    os.write(report, f"{server.listening_address.rpartition(':')[2]}\n".encode())
    os.close(report)
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # noqa: BLE001 - the last line of a process; the owner reads it
        sys.exit(f"E {error}")  # an orderly exit: llama.cpp's log thread writes out what it still holds
