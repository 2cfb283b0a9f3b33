"""What one machine has drawn serves the others, sealed; what is damaged, foreign, or under another key is drawn anew."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from engine.doors import cad
from engine.errors import EnvironmentFault
from engine.model.places import cache_folder
from service.lanes import work
from service.lanes.lent import AGED_MS, SUFFIX, Sealed
from service.packs import SHARED, Packs
from service.vault import of_bodies, seal
from tests.service.lanes.test_work import KEY, told

LANTERN = pathlib.Path(__file__).parents[2] / "acceptance/lantern.py"
BODIES = of_bodies(KEY)
Worker = Callable[..., dict[str, Any]]


@pytest.fixture
def packs(tmp_path: pathlib.Path) -> Packs:
    return Packs(tmp_path / "packs")


def shared(packs: Packs) -> list[pathlib.Path]:
    return sorted((packs.folder / SHARED).glob(f"*{SUFFIX}"), key=lambda p: p.stat().st_size)


def test_what_was_put_is_taken_by_its_address_alone(packs: Packs) -> None:
    place = Sealed(packs, KEY)
    assert place.take("a/b") is None
    place.put("a/b", b"Xqzvy-Canary")
    assert place.take("a/b") == b"Xqzvy-Canary" and place.take("a/c") is None
    (path,) = shared(packs)
    assert b"Canary" not in path.read_bytes()
    assert Sealed(packs, BODIES).take("a/b") is None, "another key"


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-1], lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:]])
def test_what_does_not_open_is_not_there(packs: Packs, damage: Callable[[bytes], bytes]) -> None:
    place = Sealed(packs, KEY)
    place.put("a", b"one")
    (path,) = shared(packs)
    path.write_bytes(damage(path.read_bytes()))
    assert place.take("a") is None
    place.put("a", b"one")
    packs.lend(place.name("b"), path.read_bytes())
    assert place.take("a") == b"one" and place.take("b") is None, "a body of another address"


def test_a_place_that_does_not_answer_costs_nothing(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    place = Sealed(Packs(tmp_path / "file"), KEY)
    with pytest.raises(EnvironmentFault):
        place.packs.lend("x", b"")
    place.put("a", b"one")
    assert place.take("a") is None


def test_what_still_serves_is_made_young_again(packs: Packs) -> None:
    at = [1_900_000_000_000]
    place = Sealed(packs, KEY, lambda: at[0])
    place.put("a", b"one")
    (path,) = shared(packs)
    written = path.read_bytes()
    at[0] = int(1000 * path.stat().st_mtime) + AGED_MS - 1
    assert place.take("a") == b"one" and path.read_bytes() == written
    at[0] += 2
    assert place.take("a") == b"one" and path.read_bytes() != written


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for each body that CAD draws."""
    found: list[str] = []
    real = cad.build

    def build(*args: Any, **more: Any) -> Any:
        found.append(more["stage"])
        return real(*args, **more)

    monkeypatch.setattr(cad, "build", build)
    return found


@pytest.fixture
def worker(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, packs: Packs) -> Worker:
    """A lane of another machine: what it answers for one lantern."""

    kernels = os.environ.get("NUMBA_CACHE_DIR") or str(cache_folder() / "kernels")
    monkeypatch.setenv("NUMBA_CACHE_DIR", kernels)

    def works(machine: str, key: bytes | None = BODIES, **parameters: Any) -> dict[str, Any]:
        monkeypatch.setenv("UNIKAT_CACHE", str(tmp_path / machine))
        monkeypatch.setattr(work, "_bench", work.Bench())
        one = told("x", LANTERN)
        order = json.dumps({"template": "lantern", "parameters": parameters}).encode()
        (answer,) = work.chunk([{**one, "sealed": seal(KEY, order, one["id"].encode())}], packs.place, "0" * 32, key)
        assert answer["state"] == "done", answer
        return answer

    return works


def test_the_second_worker_draws_nothing(worker: Worker, drawn: list[str], packs: Packs, tmp_path: pathlib.Path) -> None:
    one = worker("one", wide=70.0)
    assert drawn == ["pot"] and one["hits"]["bodies_cad"] == 1 and len(shared(packs)) == 2
    two = worker("two", wide=70.0, name="Zoé")
    assert drawn == ["pot"] and two["hits"]["bodies_kept"] == 1 and "bodies_cad" not in two["hits"]
    again = worker("three", wide=70.0)
    assert [answer["files"]["model.stl"][3] for answer in (one, again)] == [one["files"]["model.stl"][3]] * 2
    assert worker("four", None, wide=70.0)["hits"]["bodies_cad"] == 1, "one that is of no fleet"
    body = shared(packs)[-1]
    body.write_bytes(body.read_bytes()[:-1] + b"x")
    assert worker("five", wide=70.0)["hits"]["bodies_cad"] == 1
    assert worker("six", wide=70.0)["hits"]["bodies_kept"] == 1, "it was put there anew"
    assert drawn == ["pot"] * 3
