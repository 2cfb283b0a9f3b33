"""The command line as it is used: one line, the right status, nothing left behind, and nothing heavy loaded."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
from typing import Any

import pytest

from service import cli, folder

ROOT = pathlib.Path(__file__).parents[2]
HEAVY = ("numba", "cadquery", "OCP", "vtk", "manifold3d", "scipy")
Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


BAD: list[tuple[list[str], str]] = [
    (["mkae"], "mkae"),
    (["make"], "KEY_OR_FILE.py"),
    (["make", "phone-cas"], "nearest allowed 'phone-case'"),
    (["make", "none.py"], "no such file"),
    (["make", "phone-case", "--set", "wal=2"], "nearest allowed 'wall'"),
    (["make", "phone-case", "--set", "wall"], "field=value"),
    (["make", "phone-case", "--set", "wall=thick"], "parameters.wall"),
    (["make", "phone-case", "--set", "wall=nan"], "finite"),
    (["make", "phone-case", "--set", "wall=1e400"], "finite"),
    (["make", "phone-case", "--set", "wall=2.04"], "nearest allowed 2.0"),
    (["make", "phone-case", "--set", "wall=0.1in"], "nearest allowed 2.5"),
    (["make", "phone-case", "--set", "wall=2ell"], "parameters.wall.unit"),
    (["make", "phone-case", "--set", "lanyard=perhaps"], "true or false"),
    (["make", "phone-case", "--set", "phone=google-pixel-66"], "nearest allowed 'google-pixel"),
    (["make", "phone-case", "--set", "name=Zo\x1b[31m"], "control"),
    (["make", "phone-case", "--set", "name=Zo\udcff"], "surrogate"),
    (["make", "phone-case", "--set", "measurements.foot=262mm"], "takes no measurements"),
    (["make", "phone-case", "--process", "mjf-pa13"], "nearest allowed"),
    (["make", "phone-case", "--machine", "no-such-machine"], "machine"),
    (["make", "phone-case", "--formats", "stp"], "formats"),
    (["make", "phone-case", "--formats", "oma"], "is for lenses, and this product takes none"),
    (["make", "phone-case", "--formats", "gcode"], "FDM"),
    (["make", "phone-case", "--order", "/nonexistent/order.json"], "--order"),
    (["templates", "phone-cas"], "nearest allowed 'phone-case'"),
    (["templates", "--language", "de"], "--language"),
    (["processes", "no-such"], "process"),
    (["rebuild", "/nonexistent/record.json"], "RECORD.json"),
]


@pytest.mark.parametrize(("words", "told"), BAD)
def test_bad_input_is_one_line_and_two(capsys: Captured, tmp_path: pathlib.Path, words: list[str], told: str) -> None:
    out = ["--out", str(tmp_path / "out")] if words[:1] == ["make"] and len(words) > 1 else []
    status, stdout, stderr = run(capsys, *words, *out)
    assert (status, stdout) == (2, "")
    assert told in stderr and stderr.count("\n") == 1 and stderr.startswith("unikat: ")
    assert stderr[:-1].isprintable()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("words", "told"), [b for b in BAD if b[0][0] in ("make", "rebuild")])
def test_the_same_as_one_json_object(capsys: Captured, tmp_path: pathlib.Path, words: list[str], told: str) -> None:
    status, stdout, stderr = run(capsys, *words, "--json")
    assert (status, stderr) == (2, "")
    got = json.loads(stdout, parse_constant=pytest.fail)
    assert got["status"] == 2 and told in got["error"]["message"]


ORDERS: list[tuple[bytes, str]] = [
    (b'{"template": "phone-case", "param', "order: is no JSON"),
    (b'{"template": "phone-case", "quantity": NaN}', "quantity"),
    (b'{"template": "other"}', "nearest allowed 'phone-case'"),
    (b"\xff\xfe", "order: is no UTF-8"),
    (b"[" * 100_000, "order: is nested too deep"),
    (b'{"template": "phone-case", "reference": "\\ud800"}', "reference"),
]


@pytest.mark.parametrize("json_wanted", [False, True])
@pytest.mark.parametrize(("data", "told"), ORDERS)
def test_a_bad_order_file(capsys: Captured, tmp_path: pathlib.Path, data: bytes, told: str, json_wanted: bool) -> None:
    order = tmp_path / "order.json"
    order.write_bytes(data)
    words = ["make", "phone-case", "--order", str(order), "--out", str(tmp_path / "out")]
    status, stdout, stderr = run(capsys, *words, *["--json"] * json_wanted)
    assert status == 2 and not (tmp_path / "out").exists()
    if json_wanted:
        assert told in json.loads(stdout, parse_constant=pytest.fail)["error"]["message"]
    else:
        assert told in stderr and stderr.count("\n") == 1


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b"{}", b'{"format": 1}', b'{"format": 1, "order": 5}', b'{"format": 1, "order": {}, "files": 3}']
)
def test_a_bad_record(capsys: Captured, tmp_path: pathlib.Path, data: bytes) -> None:
    (tmp_path / "r.json").write_bytes(data)
    status, stdout, stderr = run(capsys, "rebuild", str(tmp_path / "r.json"))
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)


FILES = {"model.stl": b"s" * 5000, "report.json": b"{}"}


def left(place: pathlib.Path) -> list[str]:
    return sorted(p.name for p in place.rglob("*") if p.is_file())


def test_files_arrive_whole(tmp_path: pathlib.Path) -> None:
    folder.put(FILES, tmp_path / "a" / "b")
    assert left(tmp_path) == sorted(FILES)


def test_a_file_where_the_folder_should_be(tmp_path: pathlib.Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(folder.OrderError, match="--out: cannot be written"):
        folder.put(FILES, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_where_a_file_should_be(tmp_path: pathlib.Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(folder.OrderError, match=r"report\.json"):
        folder.put(FILES, tmp_path)
    assert left(tmp_path) == []


def put_by_nobody(place: pathlib.Path) -> str:
    """What `put` says to a user without rights: in a forked process, which root turns into nobody."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "nothing"
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            folder.put(FILES, place)
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(write, said.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(pid, 0)
    return said


def test_a_folder_that_is_read_only() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder lets nobody else in
        place = pathlib.Path(name)
        place.chmod(0o777)
        assert put_by_nobody(place) == "nothing" and left(place) == sorted(FILES)
        for file in place.iterdir():
            file.unlink()
        place.chmod(0o555)
        said = put_by_nobody(place)
        place.chmod(0o755)
        assert said.startswith("OrderError: --out: cannot be written: Permission denied") and left(place) == []


def test_a_file_that_the_kernel_cuts_short(tmp_path: pathlib.Path) -> None:
    """A real write that fails halfway, of the whole command: one line, status 2, nothing left, an older product untouched."""
    command = [sys.executable, "-m", "service.cli", "make", "phone-case", "--formats", "stl,png", "--out", str(tmp_path)]
    (tmp_path / "model.stl").write_bytes(b"old")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    subprocess.run([*command[:-1], str(tmp_path / "before")], cwd=ROOT, capture_output=True)  # bodies and kernels are kept
    assert (tmp_path / "before" / "model.stl").stat().st_size > 20_000
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limited)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--out: cannot be written: File too large" in ended.stderr and ended.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["before", "model.stl"]
    assert (tmp_path / "model.stl").read_bytes() == b"old"


def test_a_full_disk_leaves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.stl").write_bytes(b"old")
    real = os.fdopen
    opened: list[int] = []

    def full(handle: int, mode: str) -> Any:
        opened.append(handle)
        if len(opened) == 2:
            os.close(handle)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, mode)

    monkeypatch.setattr(folder.os, "fdopen", full)
    with pytest.raises(folder.OrderError, match="No space left"):
        folder.put(FILES, tmp_path)
    assert left(tmp_path) == ["model.stl"] and (tmp_path / "model.stl").read_bytes() == b"old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_behind_stdout_is_told() -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "service.cli", "templates"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE
        )
    assert ended.returncode not in (0, 120) and b"Traceback" not in ended.stderr
    assert ended.stderr.count(b"\n") == 1


def cpu_and_modules(code: str) -> tuple[float, set[str]]:
    ask = f"import sys\ntry:\n    {code}\nexcept SystemExit: pass\nprint('MODULES', *sys.modules)"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    loaded = set(ended.stdout.rpartition("MODULES")[2].split())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, loaded


def test_help_is_quick() -> None:
    spent = [cpu_and_modules("from service.cli import main; main(['--help'])") for _ in range(3)]
    assert min(s for s, _ in spent) <= 0.3
    assert "numpy" not in spent[0][1] and not spent[0][1] & set(HEAVY)


LIGHT = [
    "from service.cli import main; main(['templates'])",
    "from service.cli import main; main(['templates', 'phone-case', '--schema'])",
    "from service.cli import main; main(['processes'])",
    "import engine.authoring",
    "from engine.language import shelf; [shelf.find(k) for k in shelf.installed()]",
]


@pytest.mark.parametrize("code", LIGHT)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert not cpu_and_modules(code)[1] & set(HEAVY)


def test_heavy_modules_would_be_seen() -> None:
    assert "numba" in cpu_and_modules("import kernels.compiled, numba")[1]
