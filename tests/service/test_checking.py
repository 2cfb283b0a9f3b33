"""`unikat check`: what it prints and leaves in its folder, its status, and the failing order that `make` fails with again."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from PIL import Image

from engine.errors import OrderError
from service import cli
from service.checking import SAYS, seconds_of

ROOT = pathlib.Path(__file__).parents[2]

BLOCK = '''
import numpy as np
from engine.authoring import Solid, Template, at_least, length, rule, stage
from engine.model.mesh import Mesh

FACES = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
         [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]

class Block(Template):
    """A block."""
    key, version = "block", 1
    wide = length(40, low=20, high=60, step=1, label=("Width", "Largeur"))
    high = length(6, low=2, high=9, step=0.5, label=("Height", "Hauteur"))

    @stage
    def block(self):
        x = self.wide if self.high <= LIMIT else 1 / 0
        points = np.array([[a, b, c] for a in (0.0, x) for b in (0.0, 20.0) for c in (0.0, self.high)])
        return Solid(Mesh(points, np.array(FACES, np.int32)), {})

    @rule
    def floor(self, process):
        return at_least(self.high, 2.5, change="high", why=("the height", "la hauteur"))
'''


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def written(folder: pathlib.Path, limit: float) -> str:
    path = folder / "block.py"
    path.write_text(textwrap.dedent(BLOCK).replace("LIMIT", str(limit)), encoding="utf-8")
    return str(path)


def test_a_failing_one(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = written(tmp_path, 7.0), tmp_path / "out"
    status, told, err = run(capsys, "check", path, "--points", "3", "--jobs", "1", "--out", str(out))
    assert status == 1 and err == ""
    lines = told.splitlines()
    assert lines[0].startswith("block, mjf-pa12: ") and "% made (" in lines[1] and "floor" in lines[2]
    assert "% failed (" in lines[4] and "BUILDING" in lines[4]
    order = out / "failing-1-building.json"
    assert f"  smallest: high=7.5; again: unikat make {path} --order {order}" in lines
    assert json.loads(order.read_bytes()) == {"template": "block", "process": "mjf-pa12", "parameters": {"high": 7.5}}
    assert any(line.startswith("suspicious french the description") for line in lines)
    assert Image.open(io.BytesIO((out / "contact-sheet.png").read_bytes())).width > 256
    status, _, err = run(capsys, "make", path, "--order", str(order), "--out", str(tmp_path / "made"))
    assert status == 2 and "ZeroDivisionError" in err and "stage block" in err


def test_a_sound_one_in_json_and_again(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, 9.0)
    words = ("check", path, "--points", "3", "--jobs", "1", "--seed", "5", "--json", "--out", str(tmp_path / "out"))
    status, told, err = run(capsys, *words)
    found = json.loads(told)
    assert status == found["status"] == 0 and err == "" and found["passed"] and not found["failures"]
    assert found["tried"] == found["planned"] == found["made"] + found["made_as_told"] and found["refused_first"] == {
        "floor": found["made_as_told"]
    }
    assert json.loads((tmp_path / "out" / "check.json").read_bytes())["made"] == found["made"]
    assert run(capsys, *words, "--strict")[0] == 1  # it lacks French


def test_in_french(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("check", written(tmp_path, 7.0), "--lang", "fr", "--points", "0", "--jobs", "1", "--out", str(tmp_path / "out"))
    lines = run(capsys, *words)[1].splitlines()
    assert "commandes essayées, en" in lines[0] and "% réalisées (" in lines[1] and "% échouées (" in lines[4]
    assert any(line.startswith("  la plus petite : high=7.5 ; de nouveau : unikat make") for line in lines)
    assert SAYS["en"].keys() == SAYS["fr"].keys()
    for name, english in SAYS["en"].items():
        assert english.count("{") == SAYS["fr"][name].count("{") and SAYS["fr"][name] != english


LOOPS = """
from engine.authoring import Template, flag, stage

class Loop(Template):
    \"\"\"A loop.\"\"\"
    key, version = "loop", 1
    ever = flag(True, label=("Ever", "Toujours"))

    @stage
    def loop(self):
        while self.ever:
            pass
"""


def test_ctrl_c_does_not_wait_for_what_loops(tmp_path: pathlib.Path) -> None:
    (tmp_path / "loop.py").write_text(LOOPS, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "service.cli",
        "check",
        str(tmp_path / "loop.py"),
        "--jobs",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    # where tests run in the background of a shell, Ctrl-C is ignored, and children inherit that
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=heard) as process:
        for _ in range(600):  # until it loops: a child of its child is at work
            if _busy(process.pid):
                break
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        process.communicate(timeout=60)
    assert process.returncode == 130 and time.monotonic() - begun < 30


def _busy(pid: int) -> bool:
    """Whether a grandchild of that process has run for half a second."""
    of = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            told = stat.read_text().rpartition(")")[2].split()
            of[int(stat.parent.name)] = (int(told[1]), int(told[11]))
    return any(of.get(parent, (0, 0))[0] == pid and ticks > 50 for parent, ticks in of.values())


def test_time_is_up(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told, _ = run(
        capsys,
        "check",
        written(tmp_path, 9.0),
        "--points",
        "5000",
        "--time",
        "1s",
        "--jobs",
        "1",
        "--out",
        str(tmp_path / "out"),
    )
    assert status == 0 and ": time was up" in told.splitlines()[0]


@pytest.mark.parametrize(("text", "seconds"), [(None, None), ("60s", 60.0), ("5m", 300.0), ("90", 90.0), ("1h", 3600.0)])
def test_times(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-5s", "1.5m", "soon", "9999999s"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(OrderError, match="--time"):
        seconds_of(text)


def test_what_cannot_be_checked(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", "phone-cas")[0] == 2
    assert run(capsys, "check", written(tmp_path, 9.0), "--process", "mjf-pa13")[0] == 2
    (tmp_path / "block.py").write_text("1 / 0", encoding="utf-8")
    status, _, err = run(capsys, "check", str(tmp_path / "block.py"))
    assert status == 2 and "block.py:1" in err and "ZeroDivisionError" in err
