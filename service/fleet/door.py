"""The door to Dask.distributed: a client, a worker, and what goes wrong with them in one line. It takes a second to import."""

from __future__ import annotations

import contextlib
import importlib
import logging
import threading
import warnings
from collections.abc import Mapping
from typing import Any

from engine.errors import EnvironmentFault
from service.fleet import certificates

SAME = ("dask", "distributed", "python")
"""What must be of one version on both sides of Dask's protocol."""


def _library() -> Any:
    try:
        found = importlib.import_module("distributed")
    except ImportError:
        raise EnvironmentFault("--engine and `unikat worker` want the package distributed: install unikat[several]") from None
    for name in ("distributed", "distributed.client"):  # it quotes exceptions and arguments; service.fleet tells what matters
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", "Mismatched versions")  # `client` refuses them
    return found


def _security(library: Any, folder: str | None) -> dict[str, Any]:
    """How who speaks is known, where there are certificates."""
    return {} if folder is None else {"security": library.Security(require_encryption=True, **certificates.files(folder))}


def worker(
    scheduler: str,
    threads: int,
    resources: Mapping[str, float],
    scratch: str,
    config: Mapping[str, Any],
    folder: str | None = None,
) -> Any:
    """A worker of this process, to be awaited within a running loop. `folder`: its certificates, for tls://."""
    library = _library()
    importlib.import_module("dask").config.set(dict(config))
    return library.Worker(
        scheduler,
        nthreads=threads,
        resources=dict(resources),
        local_directory=scratch,
        memory_limit=0,
        **_security(library, folder),
    )


def worker_died(error: BaseException | None) -> bool:
    """Whether it says that the worker which had the task is no more."""
    return isinstance(error, _library().scheduler.KilledWorker)


def client(scheduler: str, seconds: float, folder: str | None = None) -> Any:
    """A client of that scheduler. EnvironmentFault where none answers, another version of Dask does, or a certificate is not good.

    `folder`: our certificates, for tls://.
    """
    certificates.refuse(scheduler, folder)
    library = _library()
    security = _security(library, folder)
    told: list[Any] = []

    def connect() -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            told.append(library.Client(scheduler, timeout=seconds, set_as_default=False, name="unikat", **security))

    thread = threading.Thread(target=connect, daemon=True)  # for who listens and says nothing it would wait for ever
    thread.start()
    thread.join(2 * seconds)
    if not told:
        raise EnvironmentFault((folder and certificates.why(scheduler, folder)) or f"no scheduler answers at {scheduler}")
    (made,) = told
    versions = made.get_versions()
    theirs, ours = versions["scheduler"]["packages"], versions["client"]["packages"]
    for name in SAME:
        if theirs.get(name) != ours[name]:
            made.close()
            raise EnvironmentFault(
                f"the scheduler has {name} {theirs.get(name)}, and this is {ours[name]}: they must be the same"
            )
    return made
