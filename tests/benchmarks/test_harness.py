"""The benchmarks' contract: rows, exit status, turns; the pinned baseline; and the README's table is that of the last run."""

from __future__ import annotations

import importlib
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import harness, table
from benchmarks.harness import Case, Result, Times

KEYS = {"subject", "case", "ours_ms", "peers", "ratio", "goal", "met", "agree", "note"}


def busy(steps: int) -> int:
    return sum(range(steps))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few rounds, and no core pinned for the tests that follow."""
    monkeypatch.setattr(harness, "MOST_ROUNDS", 5)
    monkeypatch.setattr(harness, "TURN_MS", 0.1)
    monkeypatch.setattr(harness, "pin", lambda: None)
    yield


def case(**changed: Any) -> Case:
    told: dict[str, Any] = {
        "name": "counting",
        "ours": lambda n: busy(100),
        "agree": list,
        "peers": {"slow": lambda n: busy(20_000), "slower": lambda n: busy(60_000)},
    }
    return Case(**{**told, **changed})


def run_main(monkeypatch: pytest.MonkeyPatch, cases: list[Case], *arguments: str) -> int:
    monkeypatch.setattr(command, "cases_of", lambda subject: cases)
    monkeypatch.setattr(command, "PEERS", ())
    return command.main(["export", *arguments])


def test_answers_that_disagree_are_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = case(), case(agree=lambda: ["ours says 4, slow says 5"])
    assert run_main(monkeypatch, [good]) == 0
    assert run_main(monkeypatch, [good, bad, good]) == 1
    assert "DISAGREE: ours says 4, slow says 5" in capsys.readouterr().out


def test_a_missed_goal_is_said_and_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(monkeypatch, [case(goals={"slow": 1e9})]) == 0
    assert "goal 1e+09x slow: MISSED" in capsys.readouterr().out
    assert run_main(monkeypatch, [case(goals={"slow": 2.0})]) == 0
    assert "goal 2x slow: met" in capsys.readouterr().out


def test_rows_are_the_contracts(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "rows.json"
    alone = case(peers={}, most_ms=1e-9)
    assert run_main(monkeypatch, [case(note=lambda: "a note"), alone], "--json", str(file)) == 0
    first, second = json.loads(file.read_text(encoding="utf-8"))
    assert set(first) == set(second) == KEYS == set(table.KEYS)
    assert first["subject"] == "export" and first["case"] == "counting"
    assert set(first["peers"]) == {"slow", "slower"}
    assert first["ratio"] == pytest.approx(first["peers"]["slow"] / first["ours_ms"], rel=0.02), "the best peer's"
    assert first["agree"] is True and first["goal"] is None and first["met"] is None and "a note" in first["note"]
    assert second["ratio"] is None and second["met"] is False and second["goal"] == "at most 1e-09 ms"


def test_every_goal_must_be_met() -> None:
    times = {"near": Times(10.0, 9.0, 11.0), "far": Times(100.0, 90.0, 110.0)}

    def met(goals: dict[str, float], most_ms: float | None = None) -> bool | None:
        return Result("s", case(goals=goals, most_ms=most_ms), Times(1.0, 0.9, 1.1), times, ()).met

    assert met({"near": 10.0, "far": 100.0}, 1.0) is True
    assert met({"near": 10.0, "far": 101.0}) is False
    assert met({"near": 11.0, "far": 100.0}) is False
    assert met({}, 0.99) is False
    assert met({}) is None


def test_times_are_of_one_unit() -> None:
    """Of a hundred made by a call, ours and the peers' alike: what each says of itself stays as it was."""
    whole, one = harness.run("s", case()), harness.run("s", case(units=100))
    assert 20.0 < whole.ours.median / one.ours.median < 500.0
    assert 20.0 < whole.peers["slow"].median / one.peers["slow"].median < 500.0
    assert one.ratio is not None and one.ratio > 5.0


def test_everyone_gets_the_same_inputs_in_turn() -> None:
    seen: list[tuple[str, int]] = []

    def noting(who: str) -> Any:
        return lambda n: (seen.append((who, n)), busy(20_000))

    harness.run("s", case(ours=noting("ours"), peers={"peer": noting("peer")}, inputs=range(100)))
    turns = seen[2:]  # what found out how long a call takes
    assert [who for who, _ in turns[:4]] == ["ours", "peer", "ours", "peer"]
    assert [n for who, n in turns if who == "ours"] == [n for who, n in turns if who == "peer"]


def test_what_other_processes_took_is_told() -> None:
    """Each call's answer is its time; whether it was right is asked when all have run."""
    ran: list[str] = []
    case = Case(
        "told",
        lambda _: ran.append("ours") or 4.0,
        lambda: [*ran],
        peers={"peer": lambda _: 8.0},
        told=True,
        rounds=2,
        most_ms=3.0,
    )
    result = harness.run("service", case)
    assert (result.ours.median, result.ratio, result.met) == (4.0, 2.0, False)
    assert result.differ == ("ours", "ours")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["speed"], "no subject 'speed'"),
        (["export", "--json", "/nowhere/at/all/rows.json"], "no such folder"),
    ],
)
def test_what_cannot_be_run_is_one_line(given: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(given) == 2
    told = capsys.readouterr()
    assert words in told.err and told.err.count("\n") == 1 and told.out == ""


def test_a_part_of_a_subject_is_run_alone_and_its_rows_are_the_subject_s() -> None:
    for part, subject in command.PARTS.items():
        alone, whole = ([case.name for case in command.cases_of(one)] for one in (part, subject))
        assert alone and set(alone) < set(whole) and part not in command.SUBJECTS


def test_missing_peers_are_one_line_where_they_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PEERS", ("no_such_peer",))
    monkeypatch.setenv("UNIKAT_BENCHMARKS_WITH_PEERS", "1")
    assert command.main(["export"]) == 2
    assert "no_such_peer not installed: uv run --group oracle" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("case", "peer"), [("product", "cadquery_case"), ("insole_case", "cadquery_insole"), ("eyewear_case", "cadquery_eyewear")]
)
def test_the_baseline_is_the_pinned_one(case: str, peer: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    module = importlib.import_module(f"benchmarks.{case}")
    assert module.baseline_sha256() == module.PINNED, "the CadQuery baseline changed: benchmark it, then write its sha256"
    slower = tmp_path / f"{peer}.py"
    slower.write_bytes(pathlib.Path(getattr(module, peer).__file__).read_bytes() + b"\n")
    monkeypatch.setattr(getattr(module, peer), "__file__", str(slower))
    assert module.baseline_sha256() != module.PINNED


# --- the README's table


def row(**changed: Any) -> dict[str, Any]:
    told = {"subject": "export", "case": "STL", "ours_ms": 1.5, "peers": {"trimesh": 18.0}, "ratio": 12.0}
    return {**told, "goal": "10x trimesh", "met": True, "agree": True, "note": "", **changed}


def test_the_readme_says_what_was_measured() -> None:
    rows = json.loads(table.RESULTS.read_text(encoding="utf-8"))
    readme = table.README.read_text(encoding="utf-8")
    assert table.placed(readme, table.markdown(rows)) == readme, "run python -m benchmarks.table"
    assert {told["subject"] for told in rows} == set(command.SUBJECTS)


def test_a_table_that_was_edited_is_seen() -> None:
    made = table.markdown([row()])
    readme = f"# x\n{table.BEGIN}\n{made}\n{table.END}\nend\n"
    assert table.placed(readme, made) == readme
    assert table.placed(readme.replace("1.5", "0.5"), made) == readme
    assert "missed" in table.markdown([row(met=False)])


def test_the_verdict_has_a_table_of_its_own() -> None:
    one, two = table.markdown([row(subject="verdict", case="walls"), row()]).split("\n\n")
    assert "STL" in one and "walls" not in one
    assert "walls" in two and "STL" not in two
    assert two.startswith(table.HEAD[0])


def test_what_a_subject_is_measured_against_is_pinned_and_asked_for_by_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(pin.count("==") == 1 for pin in {**command.VERDICT_PEERS, **command.FIT_PEERS}.values())
    monkeypatch.setattr(command, "PEERS", ())
    monkeypatch.setattr(command, "VERDICT_PEERS", {"no_such_peer": "no-such-peer==1.0"})
    monkeypatch.setenv("UNIKAT_BENCHMARKS_WITH_PEERS", "1")
    told = command._with_peers(["verdict"], ["verdict"])
    assert told is not None and "--with no-such-peer==1.0" in told
    assert command._with_peers(["export"], ["export"]) is None
    monkeypatch.setattr(command, "FIT_PEERS", {"no_such_peer": "no-such-peer==2.0"})
    told = command._with_peers(["fit"], ["fit"])
    assert told is not None and "--with no-such-peer==2.0" in told


def test_no_table_of_answers_that_disagree_or_of_other_rows() -> None:
    with pytest.raises(ValueError, match="disagree"):
        table.markdown([row(agree=False)])
    with pytest.raises(ValueError, match="keys"):
        table.markdown([{**row(), "more": 1}])
    for readme in ("none", f"{table.END} {table.BEGIN}", f"{table.BEGIN}{table.BEGIN}{table.END}"):
        with pytest.raises(ValueError, match="needs"):
            table.placed(readme, "x")


# --- the table of people


def test_the_readme_s_table_of_people_is_that_of_the_last_run() -> None:
    from benchmarks import people

    rows = json.loads(people.RESULTS.read_text(encoding="utf-8"))
    readme = table.README.read_text(encoding="utf-8")
    made = table.placed(readme, people.markdown(rows), people.BEGIN, people.END)
    assert made == readme, "run python -m benchmarks.people table"
    assert people.wrong(rows) == [] and [row["who"] for row in rows] == ["men", "women", "children"]


def test_people_who_are_left_out_or_badly_served_are_seen() -> None:
    from benchmarks import people

    good = {"who": "men", "people": 4183, "printable": 4183, "refused": {}, "length_mm": 0.1, "width_share": 0.01}
    child = {**good, "who": "children", "people": 39, "printable": 39}
    assert people.wrong([good, child]) == []
    assert people.wrong([good]) == ["4183 people, not 4222"]
    assert people.wrong([{**good, "length_mm": 1.5}, child]) == ["men: length off by 1.5 mm"]
    assert people.wrong([{**good, "width_share": 0.2}, child]) == ["men: width off by 0.2"]
    assert people.wrong([{**good, "printable": 4100}, child]) == ["83 refused"]


def test_the_readme_s_table_of_frames_is_that_of_the_last_run() -> None:
    from benchmarks import frames

    readme = table.README.read_text(encoding="utf-8")
    if not frames.RESULTS.is_file():  # nobody ran it since frames can be made: then nothing is claimed
        assert f"{frames.BEGIN}\n{frames.END}" in readme
        return
    rows = json.loads(frames.RESULTS.read_text(encoding="utf-8"))
    assert table.placed(readme, frames.markdown(rows), frames.BEGIN, frames.END) == readme, (
        "run python -m benchmarks.people table"
    )
    assert frames.wrong(rows) == [] and [row["who"] for row in rows] == ["men", "women"]


def test_faces_that_are_left_out_or_badly_served_are_seen() -> None:
    from benchmarks import frames

    men = {
        "who": "men",
        "people": 4183,
        "printable": 4183,
        "refused": {},
        "pd_mm": 0.0,
        "width_mm": 3.0,
        "ear_mm": 0.1,
        "other_width": 0,
    }
    assert frames.wrong([men]) == []
    assert frames.wrong([{**men, "people": 4000, "printable": 4000}]) == ["4000 people, not 4183"]
    for name, over in (("pd_mm", 0.2), ("ear_mm", 2.5)):
        assert frames.wrong([{**men, name: over}]) == [f"men: {name} off by {over}"]
    lost = ["21 refused, or of another width than the face's"]
    assert frames.wrong([{**men, "printable": 4162}]) == frames.wrong([{**men, "other_width": 21}]) == lost
    assert (
        frames.wrong([{**men, "printable": 4172, "other_width": 9}]) == [] and frames.wrong([{**men, "printable": 4163}]) == []
    )


@pytest.mark.usefixtures("shared_data")
def test_a_frame_of_one_size_for_everyone_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the table measures sees a stub that makes the same frame for whoever asks."""
    from benchmarks import frames

    people = frames.people()[::600]
    one = frames._made(people[0])
    assert one.report.verdict == "printable"
    assert frames.wrong(frames.told(people)) == [f"{len(people)} people, not 4183"]
    monkeypatch.setattr(frames, "_made", lambda _: one)
    rows = frames.told(people)
    assert max(row["pd_mm"] for row in rows) > frames.PD_MM and max(row["width_mm"] for row in rows) > frames.WIDTH_MM
    assert len(frames.wrong(rows)) >= 3
