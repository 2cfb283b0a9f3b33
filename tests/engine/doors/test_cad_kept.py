"""A solid kept as bytes is the same solid again: same faces in the same order, same numbers, same tags."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from engine.doors import cad
from engine.doors.child import Child, RemoteError

WORK = """
import cadquery as cq
import numpy as np
from engine.doors import cad, cad_kept, cad_map

def _drawn():
    body = cq.Workplane().box(30, 20, 8).edges("|Z").fillet(3).faces(">Z").workplane().hole(6)
    return cad.solid_of(body, {"top": body.faces(">Z"), "sides": body.faces("|Z")}, cq)

def _told(solid, named):
    shapes = cad_map.Shapes(solid)
    tags = {name: [shapes.face_number(face) for face in faces] for name, faces in named.items()}
    return {**vars(cad_map.map_of(shapes)), "tags": tags}

def both():
    solid, named = _drawn()
    kept = cad_kept.kept(solid, named)
    return _told(solid, named), _told(*cad_kept.again(kept)), len(kept["brep"])

def loose():
    solid, named = _drawn()
    other = cq.Workplane().box(1, 1, 1)
    return cad_kept.kept(solid, {"top": cad._shapes(other.faces(">Z"), cq)})

def untagged():
    return cad_kept.kept(_drawn()[0], {"top": []})

def nothing():
    return cad_kept.again({"brep": np.zeros(4, np.uint8), "named": {}})
"""


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    folder = tmp_path_factory.mktemp("kept")
    (folder / "kept_work.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    with Child(cad.PRELOAD, memory_mb=cad.MEMORY_MB) as made:
        yield made
    sys.path.remove(str(folder))


def test_it_is_the_same_again(child: Child) -> None:
    before, after, size = child.call("kept_work:both", deadline=60.0)
    assert before.pop("tags") == after.pop("tags")
    for name, array in before.items():
        assert np.array_equal(array, after[name]), name
    assert 1000 < size < 100_000


@pytest.mark.parametrize("errand", ["loose", "untagged"])
def test_a_tag_that_names_no_face_is_told(child: Child, errand: str) -> None:
    with pytest.raises(RemoteError) as caught:
        child.call(f"kept_work:{errand}", deadline=60.0)
    assert caught.value.type_name == "LookupError" and "names no face of the result" in caught.value.message


def test_what_is_no_solid_is_none(child: Child) -> None:
    with pytest.raises(RemoteError):
        child.call("kept_work:nothing", deadline=60.0)
