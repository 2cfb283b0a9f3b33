"""`unikat rebuild`: the same bytes again from a record; with one digit changed, exactly what differs."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from service.cli import main

ROOT = pathlib.Path(__file__).parents[2]
SAME = 0
"""The status of a printable product."""
MODELS = {"files.model.3mf", "files.preview.glb"}
"""They carry the order's UUID and part number: any other order has others."""

Record = dict[str, Any]
Rebuilt = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """One product on disk, as `unikat make` writes it."""
    out = tmp_path_factory.mktemp("made")
    order = out / "order.json"
    parameters = {"name": "Zoë דניאל 7", "wall": 2.0, "letter_height": 8.0}
    told = {"template": "phone-case", "process": "fdm-pla", "reference": "order-17/2", "parameters": parameters}
    order.write_text(json.dumps(told))
    with pytest.raises(SystemExit) as end:
        main(["make", "phone-case", "--order", str(order), "--out", str(out / "files")])
    assert end.value.code == SAME
    return out / "files"


@pytest.fixture
def record(folder: pathlib.Path) -> Record:
    found: Record = json.loads((folder / "record.json").read_bytes())
    return found


@pytest.fixture
def rebuilt(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Rebuilt:
    """Status, stdout and stderr of `unikat rebuild` of this record."""

    def run(told: Record | bytes, *words: str) -> tuple[int, str, str]:
        path = tmp_path / "record.json"
        path.write_bytes(told if isinstance(told, bytes) else json.dumps(told).encode())
        with pytest.raises(SystemExit) as end:
            main(["rebuild", str(path), *words])
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return run


def digit_changed(text: str) -> str:
    """The text with its last digit another one."""
    at = max(i for i, letter in enumerate(text) if letter.isdigit())
    return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


def named(rebuilt: Rebuilt, told: Record) -> set[str]:
    """What a rebuild says that differs: exit 1, one row each, the same on both ways of asking."""
    status, out, err = rebuilt(told)
    assert status == 1
    rows = [line.partition(": recorded ")[0] for line in err.splitlines()]
    status, answer, quiet = rebuilt(told, "--json")
    found = json.loads(answer)
    assert (status, found["status"], found["same"], quiet) == (1, 1, False, "")
    assert [row["what"] for row in found["differences"]] == rows
    assert out == f"phone-case: {len(rows)} differences\n"
    return set(rows)


def test_the_same_bytes(folder: pathlib.Path, record: Record, rebuilt: Rebuilt, tmp_path: pathlib.Path) -> None:
    status, out, err = rebuilt(record, "--out", str(tmp_path / "again"))
    assert (status, out, err) == (SAME, "phone-case: the same bytes, 4 files (printable)\n", "")
    names = {p.name for p in folder.iterdir()}
    assert names == {p.name for p in (tmp_path / "again").iterdir()} == {*record["files"], "record.json", "report.json"}
    for name in names - {"report.json"}:  # which tells milliseconds
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_the_same_bytes_in_another_process(folder: pathlib.Path) -> None:
    command = [sys.executable, "-m", "service.cli", "rebuild", str(folder / "record.json"), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300)
    assert (done.returncode, done.stderr) == (SAME, "")
    assert json.loads(done.stdout) == {"status": SAME, "same": True, "differences": []}


def test_only_the_recorded_files_are_made(record: Record, rebuilt: Rebuilt) -> None:
    record["files"] = {"model.stl": record["files"]["model.stl"]}
    assert rebuilt(record)[:2] == (SAME, "phone-case: the same bytes, 1 files (printable)\n")


@pytest.mark.parametrize("name", ["model.3mf", "model.stl", "preview.glb", "thumbnail.png"])
def test_a_digit_of_a_file_hash(record: Record, rebuilt: Rebuilt, name: str) -> None:
    right = record["files"][name]
    record["files"][name] = digit_changed(right)
    assert named(rebuilt, record) == {f"files.{name}"}
    assert f"now {right[:16]}..." in rebuilt(record)[2]


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("template", "code_sha256"),
        ("template", "version"),
        ("libraries", "numpy"),
        ("process", "sha256"),
        ("fonts", "roboto-bold"),
        ("fonts", "noto-hebrew"),
        ("artifacts", "shell"),
        ("values", "wall"),
    ],
)
def test_a_digit_of_what_made_it(record: Record, rebuilt: Rebuilt, section: str, name: str) -> None:
    """The files are the same: what made them is recorded wrongly, and nothing else is blamed."""
    right = record[section][name]
    record[section][name] = digit_changed(right) if isinstance(right, str) else right + 1
    assert named(rebuilt, record) == {f"{section}.{name}"}


def test_a_digit_of_a_serial(record: Record, rebuilt: Rebuilt) -> None:
    record["serials"] = [digit_changed(s) for s in record["serials"]]
    assert named(rebuilt, record) == {"serials"}


def test_a_digit_of_the_order_s_wall(record: Record, rebuilt: Rebuilt) -> None:
    """The order, its value, the body drawn for it, and every file."""
    record["order"]["parameters"]["wall"] = 2.1
    everything = MODELS | {"files.model.stl", "files.thumbnail.png"}
    found = named(rebuilt, record)
    assert {"values.wall", "artifacts.shell", "serials"} | everything == {w for w in found if not w.startswith("order ")}
    assert [w for w in found if w.startswith("order ")] == ["order (it was changed after the record was written)"]
    assert "values.wall: recorded 2.0, now 2.1\n" in rebuilt(record)[2]


def test_a_digit_of_the_name(record: Record, rebuilt: Rebuilt) -> None:
    """The body is the same one."""
    record["order"]["parameters"]["name"] = digit_changed(record["order"]["parameters"]["name"])
    found = named(rebuilt, record)
    assert "values.name" in found
    assert {"files.model.stl", "files.thumbnail.png"} <= found
    assert "artifacts.shell" not in found


def test_a_digit_of_the_reference(record: Record, rebuilt: Rebuilt) -> None:
    """The shape is the same one; the files that carry the order's number are not."""
    record["order"]["reference"] = digit_changed(record["order"]["reference"])
    found = {w for w in named(rebuilt, record) if not w.startswith("order ")}
    assert found == MODELS | {"serials"}


def test_a_digit_that_no_order_may_have(record: Record, rebuilt: Rebuilt) -> None:
    record["order"]["parameters"]["wall"] = 20.0
    status, out, err = rebuilt(record)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "wall" in err


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_record(folder: pathlib.Path, rebuilt: Rebuilt, share: float) -> None:
    whole = (folder / "record.json").read_bytes().rstrip()
    status, out, err = rebuilt(whole[: int(share * len(whole))])
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("unikat: record: is no JSON")


@pytest.mark.parametrize("data", [b"[]", b"17", b"null", b"{}", b'{"format": 2, "order": {}}', b"\xff\xfe", b'{"format": 1}'])
def test_no_record_at_all(rebuilt: Rebuilt, data: bytes) -> None:
    status, out, err = rebuilt(data)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("unikat: record: is no ")


@pytest.mark.parametrize("section", ["order", "files", "template", "values", "libraries", "serials"])
@pytest.mark.parametrize("wrong", [None, 5, "text", [1], {"a": [1]}])
def test_a_record_whose_section_is_something_else(record: Record, rebuilt: Rebuilt, section: str, wrong: object) -> None:
    """Never a traceback nor an internal fault: it is no record with an order and files (2), or it differs (1)."""
    record[section] = wrong
    status, _, err = rebuilt(record)
    unusable = section == "order" or (section == "files" and not isinstance(wrong, dict))
    assert status == (2 if unusable else 1), err
    assert section in err or (unusable and err.count("\n") == 1)


def test_a_record_that_is_not_there(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(SystemExit) as end:
            main(["rebuild", str(path)])
        assert end.value.code == 2
        assert capsys.readouterr().err.startswith("unikat: RECORD.json: cannot be read")
