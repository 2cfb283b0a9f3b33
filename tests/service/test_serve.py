"""What `unikat serve` keeps running: back-off, ready handshakes, a port that is taken; and designers' files, asked about in a child."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from engine.errors import EnvironmentFault, OrderError, TemplateError
from service import intake, serve, served
from service.fleet import certificates
from service.serve import FIRST, LONGEST, Kept, listen
from service.store.database import Database
from service.vault import Vault
from tests.chaos import ROOT, TEMPLATE
from tests.postgres import Cluster
from tests.refusing import refusing


def kept(code: str) -> Kept:
    return Kept([sys.executable, "-c", f"import os, sys, time; ready = int(sys.argv[-1]); {code}"])


def until(one: Kept, what: str, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not (one.ready if what == "ready" else one.process is None):
        assert time.monotonic() < end, what
        one.look(time.monotonic())
        time.sleep(0.01)


def test_what_was_ready_and_died_starts_again_at_once() -> None:
    one = kept("os.write(ready, b'1'); time.sleep(60)")
    until(one, "ready")
    assert one.process is not None
    first = one.process.pid
    one.process.kill()
    until(one, "gone")
    assert one.pause == FIRST
    until(one, "ready")
    assert one.process is not None and one.process.pid != first
    one.end()
    one.wait(time.monotonic() + 5)


def test_what_never_gets_ready_is_started_less_and_less_often() -> None:
    one = kept("sys.exit(3)")
    pauses = []
    for _ in range(3):
        one.due = 0.0
        one.look(time.monotonic())
        until(one, "gone")
        pauses.append(one.pause)
    assert pauses == [FIRST, 2 * FIRST, 4 * FIRST]
    one.pause, one.due = LONGEST, 0.0
    one.look(time.monotonic())
    until(one, "gone")
    assert one.pause == LONGEST
    one.look(time.monotonic())
    assert one.process is None, "it is not yet time"


def test_what_does_not_end_when_asked_is_killed() -> None:
    one = kept("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.write(ready, b'1'); time.sleep(60)")
    until(one, "ready")
    one.end()
    begun = time.monotonic()
    one.wait(begun + 0.3)
    assert 0.3 <= time.monotonic() - begun < 2.0


def test_a_port_that_is_taken_is_said() -> None:
    with listen("127.0.0.1", 0) as door, pytest.raises(EnvironmentFault, match="cannot be opened"):
        listen("127.0.0.1", door.getsockname()[1])
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        serve.listen("192.0.2.1", 0)
    assert isinstance(door, socket.socket)


@pytest.fixture
def shelf(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    served.serve_files(tmp_path, [str(TEMPLATE)])
    served.use(tmp_path)
    yield tmp_path
    served.use(tmp_path / "nowhere")


def row(name: str, **more: object) -> dict[str, object]:
    order = {"template": "block", "parameters": {"name": name, **more}}
    return intake.row_of(json.dumps(order).encode(), intake.Sender("t" * 32, ("damn",)), Vault.of(bytes(32)), 1)


def test_an_order_for_a_designers_file_is_looked_at_in_a_child(shelf: pathlib.Path) -> None:
    assert "block" in served.known()
    one, other, third = row("a"), row("b"), row("b", side=12.0)
    assert one["template"] == "block" and one["process"] == "mjf-pa12" and one["expires"] is not None
    assert one["body"] == other["body"] != third["body"]
    with pytest.raises(OrderError, match="side") as told:
        row("a", side=99.0)
    assert (told.value.value, told.value.nearest) == ("99 mm", 20.0)
    with pytest.raises(OrderError, match="prints on nothing"):
        row("oh damn")
    with pytest.raises(OrderError, match="is a designer's own"):
        intake.template_of("block")


def test_its_code_never_runs_here(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "noisy.py"
    file.write_text(TEMPLATE.read_text(encoding="utf-8") + "\nimport engine\nengine.STAIN = True\n", encoding="utf-8")
    code = (
        "import pathlib, sys; from service import served, intake; from service.vault import Vault; import engine\n"
        f"folder = pathlib.Path({str(tmp_path)!r}); served.serve_files(folder, [{str(file)!r}]); served.use(folder)\n"
        "row = intake.row_of(b'{\"template\": \"block\"}', intake.Sender('t' * 32), Vault.of(bytes(32)), 1)\n"
        "assert row['template'] == 'block' and not hasattr(engine, 'STAIN')\n"
        "assert not {'numba', 'cadquery', 'vtk', 'OCP'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


@pytest.mark.parametrize(
    ("head", "cpu", "clock", "ends"),
    [
        ("while True: pass", 0.5, 30.0, True),
        ("import time; time.sleep(30.0)", 10.0, 1.0, True),
        ("import time; time.sleep(2.0)", 1.5, 30.0, False),
    ],
)
def test_a_file_that_loops_or_sleeps_is_ended_and_one_that_waits_for_a_core_is_not(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, head: str, cpu: float, clock: float, ends: bool
) -> None:
    monkeypatch.setattr(served, "DEADLINE", cpu)
    monkeypatch.setattr(served, "PATIENCE", clock)
    served._child().start()  # the server's imports are no template's time
    file = tmp_path / "slow.py"
    lines = TEMPLATE.read_text(encoding="utf-8").split("\nfrom engine.authoring", 1)
    file.write_text(f"{lines[0]}\n{head}\nfrom engine.authoring{lines[1]}", encoding="utf-8")
    if ends:
        with pytest.raises(TemplateError, match="TIMEOUT"):
            served.serve_files(tmp_path, [str(file)])
    else:
        served.serve_files(tmp_path, [str(file)])
        assert "block" in served.files_of(tmp_path)


def test_a_file_that_is_no_template_is_not_served(tmp_path: pathlib.Path) -> None:
    (tmp_path / "ends.py").write_text("import os\nos._exit(1)\n", encoding="utf-8")
    (tmp_path / "ours.py").write_text(
        TEMPLATE.read_text(encoding="utf-8").replace('"block", 1', '"phone-case", 1'), encoding="utf-8"
    )
    for bad in ("ends.py", "ours.py"):
        with pytest.raises((TemplateError, OrderError)):
            served.serve_files(tmp_path, [str(tmp_path / bad)])
    with pytest.raises(OrderError, match="another template of that key"):
        served.serve_files(tmp_path, [str(TEMPLATE), str(TEMPLATE)])
    with pytest.raises(OrderError, match="no such file"):
        served.serve_files(tmp_path, [str(tmp_path / "nowhere.py")])
    assert served.files_of(tmp_path) == {}
    served.serve_files(tmp_path, [str(TEMPLATE)])
    assert served.files_of(tmp_path) == {"block": {"file": str(TEMPLATE)}}
    served.serve_files(tmp_path, [])
    assert served.files_of(tmp_path) == {}


# ---- what is wrong is said when it starts ----------------------------------------------------------------------------


def refused(folder: pathlib.Path, *words: str, **environment: str) -> str:
    """What `unikat serve` says in its one line, and that it then ends."""
    command = [sys.executable, "-m", "service.cli", "serve", "--data", str(folder / "data"), "--port", "0", *words]
    told = {**os.environ, "AWS_ACCESS_KEY_ID": "u", "AWS_SECRET_ACCESS_KEY": "u", "AWS_REGION": "r", **environment}
    ended = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (3, "") and ended.stderr.startswith("unikat: "), ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_certificates_that_are_of_no_use(tmp_path: pathlib.Path) -> None:
    at = ("--engine", "tls://127.0.0.1:9")
    assert "wants --certificates" in refused(tmp_path, *at)
    assert "cannot be read" in refused(tmp_path, *at, UNIKAT_CERTIFICATES=str(tmp_path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "now", lambda: int(1000 * time.time()) - 40 * 86_400_000)
        certificates.make(str(tmp_path), ["shop"], 30)
    assert "has expired" in refused(tmp_path, *at, "--certificates", str(tmp_path / "shop"))
    assert not (tmp_path / "data").exists(), "it is said before anything is made"


def test_a_bucket_that_does_not_let_us(tmp_path: pathlib.Path) -> None:
    with refusing("DELETE object") as stub:
        assert "lack the right" in refused(tmp_path, "--artifacts", "s3://packs/x", **stub.environment)


def test_a_database_that_is_none_of_ours_or_has_another_clock(tmp_path: pathlib.Path, postgres: Cluster) -> None:
    url = postgres.url()
    store = Database(url)
    with store.write() as conn:
        conn.exec_driver_sql("CREATE TABLE jobs (theirs INTEGER)")
    store.close()
    assert "not unikat's" in refused(tmp_path, UNIKAT_DATABASE=url)
    late = "import service.store.watching as w; w.now = lambda: 0; from service.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", late, "serve", "--data", str(tmp_path / "data"), "--database", postgres.url()],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 3 and "s apart" in ended.stderr and ended.stderr.count("\n") == 1
