"""Files as they come: whole ones read to the last triangle, lying ones refused by name, odd coordinates a finding. Never a crash."""

from __future__ import annotations

import csv
import math
import pathlib
import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.export import stl
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled
from engine.reading import meshes
from engine.verify.anatomy import dissect
from engine.verify.checks import verdict, verify
from engine.verify.settle import settle
from kernels import lattice as grid
from kernels.topology import CROWDED_EDGES, OPEN_EDGES, UNUSED_POINTS

TETRA = ([(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)], [(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)])
ROWS = "".join(f"{x} {y} {z}\n" for x, y, z in TETRA[0])
FACES = "".join(f"3 {a} {b} {c}\n" for a, b, c in TETRA[1])
OFF = f"OFF\n4 4 0\n{ROWS}{FACES}"
OBJ = "".join(f"v {x} {y} {z}\n" for x, y, z in TETRA[0]) + "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in TETRA[1])
_HEAD = "element vertex 4\nproperty float x\nproperty float y\nproperty float z\nelement face 4\n"
_LIST = "property list uchar int vertex_indices\nend_header\n"
PLY = f"ply\nformat ascii 1.0\ncomment x\n{_HEAD}{_LIST}{ROWS}{FACES}"
SOLID = (
    "solid a b\n"
    + "".join(
        "facet normal 0 0 0\nouter loop\n"
        + "".join("vertex {} {} {}\n".format(*TETRA[0][c]) for c in face)
        + "endloop\nendfacet\n"
        for face in TETRA[1]
    )
    + "endsolid a b\n"
)


def binary_stl(corners: list[list[tuple[float, float, float]]], announced: int | None = None) -> bytes:
    records = b"".join(struct.pack("<12fH", 0, 0, 0, *(v for p in face for v in p), 0) for face in corners)
    return bytes(80) + struct.pack("<I", len(corners) if announced is None else announced) + records


STL = binary_stl([[TETRA[0][c] for c in face] for face in TETRA[1]])


def binary_ply(order: str, header: str = "") -> bytes:
    word = {"<": "little", ">": "big"}[order]
    rows = b"".join(struct.pack(f"{order}3f", *p) for p in TETRA[0])
    faces = b"".join(struct.pack(f"{order}B3i", 3, *f) for f in TETRA[1])
    return f"ply\nformat binary_{word}_endian 1.0\n{header or _HEAD + _LIST}".encode() + rows + faces


def read(folder: pathlib.Path, kind: str, data: bytes | str) -> tuple[np.ndarray, np.ndarray]:
    path = folder / f"thing.{kind}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    ((_, points, faces),) = meshes.read(str(path), kind)
    return points, faces


def codes(points: np.ndarray, faces: np.ndarray) -> set[str]:
    return {f.code for f in verify([settle(Part("x", Mesh(points, faces.astype(np.int32))))])[1]}


COLOURED = OFF.replace("OFF", "COFF", 1).replace("10\n3", "10 1 0 0 1\n3").replace(f"{ROWS[:-1]}", ROWS[:-1])
GOOD = {
    "binary stl": ("stl", STL),
    "binary stl that begins with solid": ("stl", b"solid" + STL[5:]),
    "text stl": ("stl", SOLID),
    "text stl, upper case, CRLF": ("stl", SOLID.upper().replace("\n", "\r\n")),
    "off": ("off", OFF),
    "off without the word": ("off", OFF[4:]),
    "off with the counts glued to it, and a comment": ("off", OFF.replace("OFF\n4 4 0", "  OFF4 4 0 # tetra")),
    "off with colours": ("off", COLOURED.replace("3 2 0 3", "3 2 0 3 0.5 0.5 0.5")),
    "obj": ("obj", OBJ),
    "obj with textures and normals": ("obj", OBJ.replace("f 1 3 2", "vt 0 0\nvn 0 0 1\nmtllib /etc/passwd\nf 1/1/1 3//1 2/1")),
    "obj that counts from the end": ("obj", OBJ.replace("f 1 3 2", "f -4 -2 -3")),
    "obj with a line that goes on": ("obj", OBJ.replace("f 1 3 2", "f 1 \\\r\n3 2")),
    "text ply": ("ply", PLY),
    "text ply, CRLF": ("ply", PLY.replace("\n", "\r\n")),
    "text ply whose rows hold more than told": ("ply", PLY.replace("3 2 0 3", "3 2 0 3 9 1 1 1")),
    "ply, little endian": ("ply", binary_ply("<")),
    "ply, big endian": ("ply", binary_ply(">")),
}


@pytest.mark.parametrize("case", GOOD)
def test_the_same_tetrahedron_from_every_format(tmp_path: pathlib.Path, case: str) -> None:
    points, faces = read(tmp_path, *GOOD[case])
    assert points.dtype == np.float64 and faces.dtype == np.int64
    assert len(points) == 4
    assert sorted(map(sorted, points[faces].tolist())) == sorted(
        sorted([*map(float, TETRA[0][c])] for c in f) for f in TETRA[1]
    )
    assert codes(points, faces) == set()


def test_ply_with_everything_else_in_it(tmp_path: pathlib.Path) -> None:
    header = (
        _HEAD.replace("element face", "property uchar red\nelement face")
        + "property uchar label\nproperty list uchar float texcoord\n"
        + _LIST.replace(
            "end_header\n", "element tristrips 1\nproperty list int int all\nelement edge 1\nproperty int a\nend_header\n"
        )
    )
    data = b"ply\nformat binary_little_endian 1.0\nobj_info x\n" + header.encode()
    data += b"".join(struct.pack("<3fB", *p, 7) for p in TETRA[0])
    data += b"".join(struct.pack("<BB2fB3i", 9, 2, 0.5, 0.5, 3, *f) for f in TETRA[1])
    points, faces = read(tmp_path, "ply", data + struct.pack("<i2i", 2, 5, 5) + struct.pack("<i", 1))
    assert points.tolist() == [list(map(float, p)) for p in TETRA[0]] and faces.tolist() == list(map(list, TETRA[1]))


def test_polygons_become_fans(tmp_path: pathlib.Path) -> None:
    square = "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"
    assert read(tmp_path, "off", square)[1].tolist() == [[0, 1, 2], [0, 2, 3]]
    ply = (
        binary_ply("<")[: -4 * 13]
        + struct.pack("<B4i", 4, 0, 1, 2, 3)
        + b"".join(struct.pack("<B3i", 3, 0, 1, 2) for _ in "abc")
    )
    assert read(tmp_path, "ply", ply)[1].tolist() == [[0, 1, 2], [0, 2, 3], *[[0, 1, 2]] * 3]


WHOLE, NUMBER, INDEX = "no whole", "no number", "no whole number"
BAD = {
    "empty": ("stl", b"", "is empty"),
    "stl one byte short": ("stl", STL[:-1], WHOLE),
    "stl one byte long": ("stl", STL + b"\0", WHOLE),
    "stl that announces more": ("stl", binary_stl([], 4_000_000_000), WHOLE),
    "stl of 83 bytes": ("stl", bytes(83), "too short"),
    "binary stl cut, beginning with solid": ("stl", b"solid" + STL[5:-50], WHOLE),
    "text stl cut between facets": ("stl", SOLID[: SOLID.index("facet", 200)], WHOLE),
    "text stl cut inside a facet": ("stl", SOLID[:150], "too short"),
    "text stl with a facet of four": ("stl", SOLID.replace("endloop", "vertex 1 1 1\nendloop", 1), WHOLE),
    "text stl with a short vertex": ("stl", SOLID.replace("vertex 0 10 0", "vertex 0 10", 1), "too short"),
    "text stl with a word": ("stl", SOLID.replace("vertex 0 10 0", "vertex 0 ten 0", 1), NUMBER),
    "text stl with a hex number": ("stl", SOLID.replace("vertex 0 10 0", "vertex 0 0x10 0", 1), NUMBER),
    "text stl with an underscore": ("stl", SOLID.replace("vertex 0 10 0", "vertex 0 1_0 0", 1), NUMBER),
    "off that announces more points": ("off", OFF.replace("4 4 0", "4000000000 4 0"), WHOLE),
    "off that announces more faces": ("off", OFF.replace("4 4 0", "4 5 0"), WHOLE),
    "off of fewer than none": ("off", OFF.replace("4 4 0", "-4 4 0"), WHOLE),
    "off with too large a number of counts": ("off", OFF.replace("4 4 0", "9" * 5000 + " 4 0"), INDEX),
    "off, binary": ("off", b"OFF BINARY\n" + bytes(40), WHOLE),
    "off of a fourth dimension": ("off", "4" + OFF, WHOLE),
    "off with a word": ("off", OFF.replace("10 0 0", "10 zero 0"), NUMBER),
    "off with a short point": ("off", OFF.replace("10 0 0", "10 0"), "too short"),
    "off with a face that counts more": ("off", OFF.replace("3 2 0 3", "9 2 0 3"), "too short"),
    "off with a face of minus one": ("off", OFF.replace("3 2 0 3", "-1 2 0 3"), "too short"),
    "off with a face of two": ("off", OFF.replace("3 2 0 3", "2 2 0 3"), "fewer than three"),
    "off with half an index": ("off", OFF.replace("3 2 0 3", "3 2 0.5 3"), INDEX),
    "obj with a word": ("obj", OBJ.replace("v 10 0 0", "v 10 - 0"), NUMBER),
    "obj with a short point": ("obj", OBJ.replace("v 10 0 0", "v 10 0"), "too short"),
    "obj with an endless index": ("obj", OBJ.replace("f 1 3 2", "f 1 3 " + "9" * 30), INDEX),
    "obj with no index": ("obj", OBJ.replace("f 1 3 2", "f 1 /3 2"), INDEX),
    "obj with an edge for a face": ("obj", OBJ.replace("f 1 3 2", "f 1 3"), "fewer than three"),
    "ply without an end to its header": ("ply", PLY.replace("end_header", "x"), "header"),
    "ply of two words": ("ply", "ply\nend_header\n", "header"),
    "ply with junk in its header": ("ply", PLY.replace("comment", "junk"), "header"),
    "ply of an unknown format": ("ply", PLY.replace("ascii", "ebcdic"), "unknown format"),
    "ply of an unknown type": ("ply", PLY.replace("float z", "quad z"), "unknown type"),
    "ply whose list is counted in floats": ("ply", PLY.replace("uchar int", "float int"), "unknown type"),
    "ply with indices in floats": ("ply", PLY.replace("uchar int", "uchar float"), "without vertex_indices"),
    "ply that announces more points": ("ply", PLY.replace("vertex 4", "vertex 4000000000"), WHOLE),
    "ply that announces one more face": ("ply", PLY.replace("face 4", "face 5"), WHOLE),
    "ply of fewer than none": ("ply", PLY.replace("vertex 4", "vertex -4"), WHOLE),
    "ply, binary, that announces more": ("ply", binary_ply("<", (_HEAD + _LIST).replace("vertex 4", "vertex 90")), WHOLE),
    "ply, binary, cut": ("ply", binary_ply("<")[:-1], WHOLE),
    "ply, binary, with a face that counts more": ("ply", binary_ply("<")[:-13] + struct.pack("<B3i", 200, 1, 2, 3), WHOLE),
    "ply, binary, of minus one corners": (
        "ply",
        binary_ply("<", (_HEAD + _LIST).replace("uchar int", "char int"))[:-13] + struct.pack("<b3i", -1, 1, 2, 3),
        WHOLE,
    ),
    "ply with a word": ("ply", PLY.replace("10 0 0", "10 zero 0"), NUMBER),
    "ply without z": ("ply", PLY.replace("float z", "float w"), "without x, y, z"),
    "ply without indices": ("ply", PLY.replace("vertex_indices", "other"), "without vertex_indices"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(tmp_path: pathlib.Path, case: str) -> None:
    kind, data, why = BAD[case]
    with pytest.raises(InputError, match=why):
        read(tmp_path, kind, data)


ODD = {
    "nan": ("off", OFF.replace("10 0 0", "nan 0 0"), "not-finite"),
    "infinity": ("obj", OBJ.replace("v 10 0 0", "v inf 0 0"), "not-finite"),
    "infinity by its exponent": ("obj", OBJ.replace("v 10 0 0", "v 1e999 0 0"), "not-finite"),
    "nan in a binary stl": ("stl", STL[:96] + struct.pack("<f", math.nan) + STL[100:], "not-finite"),
    "1e30": ("stl", STL[:96] + struct.pack("<f", 1e30) + STL[100:], "unreadable"),
    "index beyond the last": ("off", OFF.replace("3 2 0 3", "3 2 0 4"), "bad-index"),
    "index below the first": ("ply", PLY.replace("3 2 0 3", "3 2 0 -1"), "bad-index"),
    "obj's index 0": ("obj", OBJ.replace("f 1 3 2", "f 0 3 2"), "bad-index"),
    "obj's index before the first": ("obj", OBJ.replace("f 1 3 2", "f -9 3 2"), "bad-index"),
    "all points equal": ("stl", binary_stl([[(1.0, 1.0, 1.0)] * 3] * 4), "degenerate-face"),
    "one triangle": ("stl", STL[:80] + b"\1\0\0\0" + STL[84:134], "open-edge"),
    "no triangle": ("stl", bytes(84), "empty"),
    "no triangle in text": ("stl", "solid x\nendsolid x\n", "empty"),
    "no face": ("off", "OFF\n4 0 0\n" + ROWS, "empty"),
    "nothing at all": ("obj", "# nothing\n", "empty"),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_geometry_is_a_finding(tmp_path: pathlib.Path, case: str) -> None:
    kind, data, code = ODD[case]
    assert code in codes(*read(tmp_path, kind, data))


def test_damaged_bytes_are_read_or_refused_and_nothing_else(tmp_path: pathlib.Path) -> None:
    dice = random.Random(7)
    for kind, data in GOOD.values():
        whole = data.encode() if isinstance(data, str) else data
        for _ in range(15):
            bad = bytearray(whole)
            for _ in range(dice.randint(1, 4)):
                bad[dice.randrange(len(bad))] = dice.choice((0, 10, 32, 45, 48, 57, 255, dice.randrange(256)))
            try:
                points, faces = read(tmp_path, kind, bytes(bad[: dice.choice((len(bad), dice.randrange(len(bad)))) or 1]))
            except InputError:
                continue
            assert points.shape == (len(points), 3) and faces.shape == (len(faces), 3)


def test_our_own_stl_comes_back(tmp_path: pathlib.Path) -> None:
    lattice = np.array(TETRA[0], dtype=np.int32) * 12_345
    faces = np.array(TETRA[1], dtype=np.int32)
    sent = Settled(Part("x", Mesh(lattice / STEPS_PER_MM, faces)), Pose(), lattice, faces)
    points, found = read(tmp_path, "stl", stl.write(sent))
    back = settle(Part("x", Mesh(points, found.astype(np.int32))))
    assert sorted(back.lattice.tolist()) == sorted(lattice.tolist())
    before, after = (verify([s]) for s in (sent, back))
    assert verdict(*before[:2]) == verdict(*after[:2]) == "printable"
    assert after[2]["triangles"] == 4 and after[2]["volume_mm3"] == before[2]["volume_mm3"]


def test_the_unit_is_asked_for_and_used(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a b.off"
    path.write_text(OFF)
    ((name, mesh),) = meshes.read_file(path, "in")
    assert name == "a_b" and mesh.points.max() == 254.0 and mesh.faces.dtype == np.int32
    for unit, why in ((None, "says nothing of its unit"), ("ell", "is not a unit")):
        with pytest.raises(InputError, match=why):
            meshes.read_file(path, unit)
    path.write_text(OFF.replace("10 0 0", "1e308 0 0"))
    ((_, mesh),) = meshes.read_file(path, "in")
    assert np.isinf(mesh.points).any()


def test_what_is_no_file_of_ours(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.stl").mkdir()
    (tmp_path / "big.stl").write_bytes(bytes(200))
    (tmp_path / "mesh.step").write_bytes(b"x")
    (tmp_path / "far.obj").write_text(OBJ.replace("f 1 3 2", "f 1 3 99999999999"))
    monkeypatch.setattr(meshes, "MAX_BYTES", 199)
    for name, why in (
        ("none.stl", "No such file"),
        ("folder.stl", "is no file"),
        ("big.stl", "200 bytes; 199"),
        ("mesh.step", "is no STL"),
        ("far.obj", "beyond 2"),
    ):
        with pytest.raises(InputError, match=why):
            meshes.read_file(tmp_path / name, "mm")


def test_more_than_can_be_sent_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meshes, "MAX_ARRAYS", 4 * 24 + 4 * 24)
    assert len(read(tmp_path, "off", OFF)[1]) == 4
    monkeypatch.setattr(meshes, "MAX_ARRAYS", 4 * 24 + 4 * 24 - 1)
    with pytest.raises(InputError, match="more points and triangles"):
        read(tmp_path, "off", OFF)


def test_a_reader_that_takes_for_ever_costs_that_file_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow.obj"
    slow.write_text("v 1 1 1\n" * 400_000)
    monkeypatch.setattr(meshes, "DEADLINE", 0.05)
    with pytest.raises(InputError, match="takes longer"):
        meshes.read_file(slow, "mm")
    monkeypatch.undo()
    slow.write_text(OBJ)
    assert len(meshes.read_file(slow, "mm")[0][1].faces) == 4


def test_every_mesh_of_the_corpus_is_read_and_a_sample_is_as_the_oracles_said(shared_data: pathlib.Path) -> None:
    folder = shared_data / "mesh"
    rows = {r["file"]: r for r in csv.DictReader((folder / "_verdicts.csv").open())}
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".stl", ".off", ".obj", ".ply", ".3mf"))
    assert len(files) >= 140
    sample = {p.name for p in files if p.name in rows and p.suffix.lower() != ".3mf"}
    chosen = {*sorted(sample)[:: len(sample) // 19], "mikedh__whitespace.off", "mikedh__fuze_ascii.ply", "colored_tetra.ply"}
    assert len(chosen) >= 20
    for path in files:
        found = meshes.read(str(path), path.suffix.lower()[1:])
        assert sum(len(faces) for _, _, faces in found) > 0, path.name
        if path.name in chosen:
            ((_, points, faces),) = found
            assert _counted(points, faces) == {n: int(rows[path.name][n]) for n in COLUMNS}, path.name


COLUMNS = ("tri", "verts", "boundary_edges", "nonmanifold_edges", "comps")


def _counted(points: np.ndarray, faces: np.ndarray) -> dict[str, int]:
    points = points - (points.max(axis=0) + points.min(axis=0)) / 2
    # a power of two that uses the whole range: no two points of a float32 file fall together
    steps = 2.0 ** math.floor(math.log2((grid.RANGE - 1) / np.abs(points).max()))
    body = dissect(settle(Part("x", Mesh(points * (steps / STEPS_PER_MM), faces.astype(np.int32))), "assembled"))
    assert body.topology is not None
    told = body.topology.counts
    counts = (len(faces), len(body.lattice) - told[UNUSED_POINTS], told[OPEN_EDGES], told[CROWDED_EDGES], body.topology.shells)
    return dict(zip(COLUMNS, map(int, counts), strict=True))


@settings(deadline=None)
@given(st.lists(st.tuples(*(st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, np.inf, np.nan]),) * 3), max_size=30))
def test_points_of_an_stl_are_shared_where_they_are_equal_to_the_bit(rows: list[tuple[float, float, float]]) -> None:
    corners = np.array(rows[: len(rows) // 3 * 3], np.float32).reshape(-1, 3)
    points, faces = soup(corners)
    bits = (corners.astype(np.float64) + 0.0).view(np.int64).reshape(-1, 3)
    expected, names = np.unique(bits, axis=0, return_inverse=True)
    np.testing.assert_array_equal(points.reshape(-1, 3) + 0.0, expected.view(np.float64))
    np.testing.assert_array_equal(faces.ravel(), names.ravel())


def soup(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is read of a binary STL of these corners (3 m, 3)."""
    records = np.zeros(len(corners) // 3, np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]))
    records["v"] = corners.reshape(-1, 3, 3)
    ((_, points, faces),) = meshes.parse(bytes(80) + len(records).to_bytes(4, "little") + records.tobytes(), "stl", "soup.stl")
    return points, faces
