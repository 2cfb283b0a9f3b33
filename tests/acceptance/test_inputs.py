"""A scan goes the whole way: from a file on the command line, or an upload of a service, to what is made, and to the same bytes again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.body.synthetic import SyntheticFoot
from engine.reading import taking
from service.cli import main
from tests.acceptance.serving import ROOT, UNIKAT, Served, serving
from tests.scans import block, written

TEMPLATE = str(pathlib.Path(__file__).parents[1] / "scanned_template.py")
SCAN = block(0.06, 0.02, 0.016)
SHA = hashlib.sha256(SCAN).hexdigest()
NAME = "Xqzvyk-left.stl"
"""A file's name may be a person's."""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Status, stdout and stderr of a command."""

    def told(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return told


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A scan, and an order that names it by a path beside itself."""
    (tmp_path / "orders" / "scans").mkdir(parents=True)
    (tmp_path / "orders" / "scans" / NAME).write_bytes(SCAN)
    return ordered(tmp_path, {"file": f"scans/{NAME}", "unit": "m", "side": "left"})


def ordered(room: pathlib.Path, scan: dict[str, Any]) -> pathlib.Path:
    told = {"template": "scanned-block", "inputs": {"left_scan": scan}}
    (room / "orders" / "order.json").write_text(json.dumps(told), encoding="utf-8")
    return room


def make(run: Run, room: pathlib.Path, *words: str) -> tuple[int, str, str]:
    return run("make", TEMPLATE, "--out", str(room / "out"), "--formats", "stl", *words)


def by_order(run: Run, room: pathlib.Path, *words: str) -> tuple[int, str, str]:
    return make(run, room, "--order", str(room / "orders" / "order.json"), *words)


# ---- the command line ------------------------------------------------------------------------------------------------


def test_a_path_in_an_order_begins_beside_it(folder: pathlib.Path, run: Run) -> None:
    status, out, _ = by_order(run, folder, "--json")
    told = json.loads(out)
    assert status == 0, told
    assert [round(x, 3) for x in told["report"]["figures"]["bounds_mm"][1]] == [60.0, 20.0, 10.0]
    record = (folder / "out" / "record.json").read_text(encoding="utf-8")
    given = {"sha256": SHA, "unit": "m", "side": "left"}
    assert json.loads(record)["order"]["inputs"] == {"left_scan": given} and json.loads(record)["values"]["left_scan"] == given
    said = [p.read_bytes() for p in (folder / "out").iterdir()] + [out.encode()]
    assert not any(b"Xqzvyk" in data for data in said)


def test_a_path_in_a_word_begins_where_the_command_stands(
    folder: pathlib.Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "orders" / "scans")
    words = [f"inputs.left_scan={NAME}", "inputs.left_scan.unit=m", "height=12"]
    assert make(run, folder, *(part for word in words for part in ("--set", word)))[0] == 0
    assert json.loads((folder / "out" / "record.json").read_bytes())["order"]["inputs"]["left_scan"] == {
        "sha256": SHA,
        "unit": "m",
    }


def test_a_path_from_stdin_begins_there_too(folder: pathlib.Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "orders")
    data = (folder / "orders" / "order.json").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert make(run, folder, "--order", "-")[0] == 0


def test_the_hash_beside_a_file_must_be_its_own(folder: pathlib.Path, run: Run) -> None:
    told = {"file": f"scans/{NAME}", "unit": "m", "sha256": SHA}
    assert by_order(run, ordered(folder, told))[0] == 0
    status, out, err = by_order(run, ordered(folder, {**told, "sha256": "0" * 64}))
    assert (status, out) == (2, "") and "inputs.left_scan.sha256: is not that of the file" in err


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"file": "scans/none.stl", "unit": "m"}, "inputs.left_scan.file: there is no such file"),
    ({"file": "scans", "unit": "m"}, "inputs.left_scan.file: there is no such file"),
    ({"file": "/dev/zero", "unit": "m"}, "inputs.left_scan.file: there is no such file"),
    ({"file": f"scans/{NAME}"}, "inputs.left_scan.unit: is missing"),
    ({"file": f"scans/{NAME}", "unit": "ell"}, "inputs.left_scan.unit: is not a unit"),
    ({"file": f"scans/{NAME}", "unit": "kPa"}, "inputs.left_scan.unit: is not a unit"),
    ({"file": f"scans/{NAME}", "unit": "m", "side": "right"}, "inputs.left_scan.side: is the other side's"),
    ({"sha256": SHA, "unit": "m"}, "inputs.left_scan: its file is not there"),
    ({"file": "order.json", "unit": "m"}, "inputs.left_scan: cannot be used: it is no STL, 3MF, PLY, OBJ or OFF file"),
    ({"file": f"scans/{NAME}", "unit": "mm"}, "measurements.left.long: is out of range"),
]


@pytest.mark.parametrize(("scan", "why"), WRONG)
def test_what_is_wrong_with_a_file_is_said(folder: pathlib.Path, run: Run, scan: dict[str, Any], why: str) -> None:
    room = ordered(folder, scan)
    status, out, err = by_order(run, room)
    assert (status, out) == (2, "") and err.startswith(f"unikat: {why}"), err
    assert not (room / "out").exists()
    told = json.loads(by_order(run, room, "--json")[1])
    assert told["status"] == 2 and told["error"]["message"].startswith(why)


def test_a_file_that_is_too_large(folder: pathlib.Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MAX_BYTES", len(SCAN) - 1)
    status, _, err = by_order(run, folder)
    assert status == 2 and "inputs.left_scan.file: is too large" in err
    monkeypatch.setattr(taking, "MAX_BYTES", len(SCAN))
    assert by_order(run, folder)[0] == 0


def test_a_file_that_may_not_be_read(folder: pathlib.Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: pathlib.Path, *_: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    at = pathlib.Path.open
    monkeypatch.setattr(pathlib.Path, "open", lambda self, *a: denied(self) if self.name == NAME else at(self, *a))
    status, _, err = by_order(run, folder)
    assert status == 2 and "inputs.left_scan.file: cannot be read: Permission denied" in err


# ---- the same bytes again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [SHA, f"{SHA}.stl", NAME])
def test_it_is_rebuilt_from_a_folder_of_files(folder: pathlib.Path, run: Run, name: str) -> None:
    assert by_order(run, folder)[0] == 0
    shelf = folder / "shelf"
    shelf.mkdir()
    (shelf / "another.stl").write_bytes(block(1, 2, 3))
    (shelf / f"{SHA}.txt").write_bytes(b"not what its name says")
    (shelf / name).write_bytes(SCAN)
    record = str(folder / "out" / "record.json")
    status, out, err = run("rebuild", record, "--template", TEMPLATE, "--inputs", str(shelf))
    assert (status, err) == (0, "") and out == "scanned-block: the same bytes, 1 files (printable)\n"


def test_without_its_files_it_is_not_rebuilt(folder: pathlib.Path, run: Run) -> None:
    assert by_order(run, folder)[0] == 0
    words = ("rebuild", str(folder / "out" / "record.json"), "--template", TEMPLATE)
    (folder / "empty").mkdir()
    (folder / "empty" / f"{SHA}.stl").write_bytes(SCAN[:-1])
    for more, why in (
        ((), "is needed: the order has input files"),
        (("--inputs", str(folder / "empty")), "lacks files of the order"),
    ):
        status, out, err = run(*words, *more)
        assert (status, out) == (2, "") and f"inputs.left_scan: sha256 {SHA}\n" in err and f"--inputs: {why}" in err
        status, out, err = run(*words, *more, "--json")
        assert (status, err) == (2, "") and json.loads(out)["error"]["limit"] == SHA
    status, _, err = run(*words, "--inputs", str(folder / "none"))
    assert status == 2 and "--inputs: is no folder" in err


# ---- a campaign on a folder, of feet ----------------------------------------------------------------------------------


def test_rows_of_a_campaign_name_scans_beside_it(tmp_path: pathlib.Path) -> None:
    foot = SyntheticFoot(length=250.0, ball_width=96.0).mesh()
    scan = written(foot.points, foot.faces)
    (tmp_path / NAME).write_bytes(scan)
    (tmp_path / "rows.csv").write_text(f"inputs.left_scan.file,inputs.left_scan.unit,feet\n{NAME},mm,left\n", encoding="utf-8")
    out = tmp_path / "out"
    words = [
        "campaign",
        str(tmp_path / "rows.csv"),
        "--template",
        "insole",
        "--out",
        str(out),
        "--formats",
        "stl",
        "--jobs",
        "1",
    ]
    done = subprocess.run([*UNIKAT, *words], capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr  # whether that insole is printable is for its own tests
    report = json.loads((out / "0000" / "0000002" / "report.json").read_bytes())
    assert report["figures"]["stages"][0]["name"] == "left_scan.foot"
    fitted = report["figures"]["fitted"]["measurements.left.foot_length"]
    assert fitted["source"] == "scan" and fitted["value"] == pytest.approx(250.0, abs=1.5)
    for piece in (scan[84:184], scan[-100:], NAME.encode()):
        assert not any(piece in p.read_bytes() for p in out.rglob("*") if p.is_file())


# ---- a service -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    room = tmp_path_factory.mktemp("served")
    for name in ("cache", "temporary"):
        (room / name).mkdir()
    environment = {"TMPDIR": str(room / "temporary")}
    with serving(room / "house", "--template", TEMPLATE, **environment) as one:
        yield one


def upload(served: Served, data: bytes, **told: str) -> str:
    words = "&".join(f"{n}={v}" for n, v in {"kind": "scan", "unit": "m", **told}.items())
    answer = served.call("POST", f"/v1/uploads?{words}", data, Content_Type="application/octet-stream")
    assert answer.status in (200, 201), answer.body
    return str(answer.json["sha256"])


def order(sha: str, **told: str) -> dict[str, Any]:
    return {"template": "scanned-block", "inputs": {"left_scan": {"sha256": sha, "unit": "m", **told}}}


def test_a_service_makes_what_was_uploaded(served: Served, tmp_path: pathlib.Path, run: Run) -> None:
    sha = upload(served, SCAN)
    job = served.call("POST", "/v1/jobs?formats=stl", order(sha)).json["id"]
    assert served.ended(job)["state"] == "done"
    report = served.call("GET", f"/v1/jobs/{job}/files/report.json").json
    assert [round(x, 3) for x in report["figures"]["bounds_mm"][1]] == [60.0, 20.0, 10.0]
    assert report["figures"]["stages"][0]["name"] == "left_scan.mesh"
    record = served.call("GET", f"/v1/jobs/{job}/files/record.json").body
    (tmp_path / "record.json").write_bytes(record)
    (tmp_path / sha).write_bytes(SCAN)
    words = ("rebuild", str(tmp_path / "record.json"), "--template", TEMPLATE, "--inputs", str(tmp_path))
    assert run(*words)[0] == 0


def test_a_quote_and_a_preview_see_it_too(served: Served) -> None:
    sha = upload(served, SCAN)
    quote = served.call("POST", "/v1/quotes", order(sha))
    assert quote.status == 200 and quote.json["verdict"] == "printable"
    smaller = served.call("POST", "/v1/quotes", order(upload(served, block(0.03, 0.01, 0.016))))
    assert 0 < smaller.json["mass_g"] < quote.json["mass_g"]
    assert served.call("POST", "/v1/previews", order(sha)).status == 200
    for wrong in (order("0" * 64), order(sha, side="left"), order(upload(served, b"no scan"))):
        answer = served.call("POST", "/v1/quotes", wrong)
        assert answer.status == 422 and "inputs.left_scan" in answer.body.decode()


def test_what_is_no_scan_fails_with_the_reason(served: Served) -> None:
    job = served.call("POST", "/v1/jobs?formats=stl", order(upload(served, b"no scan"))).json["id"]
    ended = served.ended(job)
    assert (ended["state"], ended["reason"]) == ("failed", "input")
    assert ended["detail"].startswith("inputs.left_scan: cannot be used: it is no STL")


def test_another_shops_upload_is_none(served: Served) -> None:
    assert served.call("POST", "/v1/jobs", order("0" * 64)).status == 422


def test_no_scan_lies_open_on_the_disk_or_in_a_log(served: Served) -> None:
    sha = upload(served, SCAN)
    places = [served.folder, served.folder.parent / "temporary", served.log]
    files = [p for top in places for p in ([top] if top.is_file() else top.rglob("*")) if p.is_file()]
    assert len(files) > 5 and os.fspath(served.log) in map(os.fspath, files)
    for piece in (SCAN[84:184], SCAN[-100:]):
        assert not any(piece in p.read_bytes() for p in files)
    assert sha not in served.log.read_text(encoding="utf-8")
