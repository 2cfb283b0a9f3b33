"""Every rule of reading untrusted files, each with a file that breaks exactly it and a twin that keeps it, read in the child."""

from __future__ import annotations

import io
import os
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from engine.doors import child
from engine.errors import InputError
from engine.reading import meshes, threemf

# ---- the twins: a cube of 10 mm in every format -------------------------------------------------------------------------

CORNERS = [(10 * x, 10 * y, 10 * z) for z in (0, 1) for y in (0, 1) for x in (0, 1)]
QUADS = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
FACES = [t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))]
ROWS = "".join("{} {} {}\n".format(*p) for p in CORNERS)
THREES = "".join("3 {} {} {}\n".format(*f) for f in FACES)
OFF = f"OFF\n8 12 0\n{ROWS}{THREES}"
OBJ = "".join("v {} {} {}\n".format(*p) for p in CORNERS) + "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in FACES)
PLY_HEAD = (
    "ply\nformat {} 1.0\nelement vertex 8\nproperty float x\nproperty float y\nproperty float z\n"
    "element face 12\nproperty list uchar int vertex_indices\nend_header\n"
)
PLY = PLY_HEAD.format("ascii") + ROWS + THREES
TEXT_STL = (
    "solid cube\n"
    + "".join(
        "facet normal 0 0 0\nouter loop\n"
        + "".join("vertex {} {} {}\n".format(*CORNERS[c]) for c in face)
        + "endloop\nendfacet\n"
        for face in FACES
    )
    + "endsolid cube\n"
)


def stl(announced: int = 12, head: bytes = b"cube") -> bytes:
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *(v for c in face for v in CORNERS[c]), 0) for face in FACES)
    return head.ljust(80, b"\0") + struct.pack("<I", announced) + body


def ply(announced: int = 12, points: int = 8) -> bytes:
    head = (
        PLY_HEAD.format("binary_little_endian").replace("vertex 8", f"vertex {points}").replace("face 12", f"face {announced}")
    )
    body = b"".join(struct.pack("<3f", *p) for p in CORNERS) + b"".join(struct.pack("<B3i", 3, *f) for f in FACES)
    return head.encode() + body


VERTICES = "".join('<vertex x="{}" y="{}" z="{}"/>'.format(*p) for p in CORNERS)
TRIANGLES = "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*f) for f in FACES)
OBJECT = f'<object id="1"><mesh><vertices>{VERTICES}</vertices><triangles>{TRIANGLES}</triangles></mesh></object>'
ITEM = '<item objectid="1"/>'
HEAD = f'<model unit="millimeter" xmlns="{threemf.CORE}">'
MODEL = f"{HEAD}<resources>{OBJECT}</resources><build>{ITEM}</build></model>"
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r" Target="/3D/3dmodel.model" Type="{threemf._MODEL_TYPE}"/></Relationships>'
)
PART = "3D/3dmodel.model"


def package(model: str | bytes = MODEL, rels: str | bytes = RELS, stored: bool = False, **more: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"_rels/.rels": rels, PART: model, **more}.items():
            archive.writestr(name, content)
    return out.getvalue()


def changed(old: str, new: str) -> bytes:
    assert old in MODEL
    return package(MODEL.replace(old, new, 1))


def number(word: str) -> bytes:
    return changed('x="10"', f'x="{word}"')


def transform(words: str) -> bytes:
    return changed(ITEM, f'<item objectid="1" transform="{words}"/>')


def padded(to: int) -> bytes:
    """A model of that many bytes, nearly all of them blanks."""
    return package(MODEL.encode() + b" " * (to - len(MODEL)))


def nested(levels: int, width: int = 1, last: int = 1) -> bytes:
    """Objects of `width` of the one before, `levels` deep above the cube; the outermost is built `last` times."""
    objects = [OBJECT]
    for k in range(levels):
        inner = f'<component objectid="{k + 1}"/>' * width
        objects.append(f'<object id="{k + 2}"><components>{inner}</components></object>')
    items = f'<item objectid="{levels + 1}"/>' * last
    return package(f"{HEAD}<resources>{''.join(objects)}</resources><build>{items}</build></model>")


def cycle(inner: int) -> bytes:
    """Object 2 holds object `inner`, object 3 object 2."""
    told = "".join(
        f'<object id="{k}"><components><component objectid="{to}"/></components></object>' for k, to in ((2, inner), (3, 2))
    )
    return package(MODEL.replace("</resources>", f"{told}</resources>").replace('<item objectid="1"', '<item objectid="3"'))


def directory(format_: str, at: int, value: int, data: bytes = b"") -> bytes:
    """The last entry's row of the archive's directory, with one field changed."""
    made = bytearray(data or package())
    struct.pack_into(format_, made, made.rindex(b"PK\1\2") + at, value)
    return bytes(made)


def lying(size: int, crc: int | None = None) -> bytes:
    """The directory says that the model has `size` bytes, and that they have this CRC."""
    told = directory("<I", 24, size)
    return told if crc is None else directory("<I", 16, crc, told)


def zip64(size: int) -> bytes:
    """The model's size in a zip64 field of the directory."""
    made = package()
    row, end = made.rindex(b"PK\1\2"), made.rindex(b"PK\5\6")
    extra = struct.pack("<HHQ", 1, 8, size)
    entry = bytearray(made[row:end])
    struct.pack_into("<I", entry, 24, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(extra))
    last = bytearray(made[end:])
    struct.pack_into("<I", last, 12, struct.unpack_from("<I", last, 12)[0] + len(extra))
    return made[:row] + bytes(entry) + extra + bytes(last)


def overlapping(by: int) -> bytes:
    """The model's bytes said to be so many more than lie between it and the directory."""
    made = package(stored=True)
    size = len(MODEL) + by
    return directory("<I", 24, size, directory("<I", 20, size, made))


def two_of(name: str) -> bytes:
    out = io.BytesIO(package())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, MODEL)
    return out.getvalue()


def flipped(bit: bool) -> bytes:
    made = package(stored=True)
    return made.replace(b'x="10"', b'x="11"', 1) if bit else made


INDEX, NUMBER, WHOLE = "whole number", "no number", "no whole"
RULES: dict[str, tuple[str, bytes | str, str, bytes | str]] = {
    # rule: format, the file that breaks it, what is said, the file that keeps it
    "nothing at all is no file": ("stl", b"", "is empty", stl()),
    "an STL has 84 + 50 n bytes, not one less": ("stl", stl()[:-1], WHOLE, stl()),
    "an STL has 84 + 50 n bytes, not one more": ("stl", stl() + b"\0", WHOLE, stl()),
    "an STL that begins with solid is counted too": ("stl", stl(13, b"solid"), WHOLE, stl(12, b"solid")),
    "2^31 faces are believed of nobody: STL": ("stl", stl(2**31), f"the {2**31} triangles announced", stl(12)),
    "2^31 faces: PLY": ("ply", ply(2**31), "announces more", ply(12)),
    "2^31 faces: PLY in text": ("ply", PLY.replace("face 12", f"face {2**31}"), "announces more", PLY),
    "2^31 points: PLY": ("ply", ply(12, 2**31), "announces more", ply()),
    "2^31 faces: OFF": ("off", OFF.replace("8 12 0", f"8 {2**31} 0"), "announces more", OFF),
    "2^31 points: OFF": ("off", OFF.replace("8 12 0", f"{2**31} 12 0"), "announces more", OFF),
    "a face announces no more corners than there are": ("off", OFF.replace("3 0 2 3", f"{2**31} 0 2 3"), "too short", OFF),
    "a list announces no more than there is: PLY": (
        "ply", PLY.replace("3 0 2 3", f"{2**31} 0 2 3"), "announces more", PLY,
    ),
    "2^31 points: OBJ": ("obj", OBJ.replace("f 1 3 4", f"f 1 3 {2**31 + 1}"), "beyond 2", OBJ),
    "a text STL ends as it began": ("stl", TEXT_STL[: TEXT_STL.rindex("endsolid")], WHOLE, TEXT_STL),
    "a text STL has whole facets": ("stl", TEXT_STL.replace("vertex 10 0 0\n", "", 1), WHOLE, TEXT_STL),
    "numbers are numbers: STL": ("stl", TEXT_STL.replace("vertex 10", "vertex 0xA", 1), NUMBER, TEXT_STL),
    "numbers are numbers: OFF": ("off", OFF.replace("10 0 0", "1,0 0 0", 1), NUMBER, OFF.replace("10 0 0", "+1.0e+1 0 0", 1)),
    "numbers are numbers: OBJ": ("obj", OBJ.replace("v 10", "v 1_0", 1), NUMBER, OBJ.replace("v 10", "v 10.", 1)),
    "numbers are numbers: PLY": ("ply", PLY.replace("10 0 0", "0b1 0 0", 1), NUMBER, PLY),
    "indices are whole numbers: OFF": ("off", OFF.replace("3 0 2 3", "3 0 2 3.0"), INDEX, OFF),
    "indices are whole numbers: PLY": ("ply", PLY.replace("3 0 2 3", "3 0 2 3.0"), INDEX, PLY),
    "indices are whole numbers: OBJ": ("obj", OBJ.replace("f 1 3 4", "f 1 3 4.0"), INDEX, OBJ.replace("f 1 3 4", "f 1 3 -5")),
    # the archive's directory, before anything is inflated
    "an archive has a directory": ("3mf", package()[:-22], "no 3MF archive", package()),
    "at most 1000 parts": (
        "3mf", package(**{f"x{k}": "" for k in range(999)}), "too many", package(**{f"x{k}": "" for k in range(998)}),
    ),
    "a ratio of at most 200": ("3mf", padded(200_001), "200 times", padded(200_000)),
    "no two parts of one name": ("3mf", two_of("3d/3DMODEL.model"), "two of one name", two_of("3D/other.model")),
    "no part reaches into the next": ("3mf", overlapping(1), "overlap", overlapping(0)),
    "no part begins within another": ("3mf", directory("<I", 42, 40), "overlap", directory("<I", 42, package().rindex(b"PK\3\4"))),
    "nothing is encrypted": ("3mf", directory("<H", 8, 1), "encrypted", directory("<H", 8, 0)),
    "stored or deflated": ("3mf", directory("<H", 10, 12), "compressed in a way", directory("<H", 10, 8)),
    "no zip64 field that lies": ("3mf", zip64(2**63), "inflates beyond", zip64(len(MODEL))),
    "no zip64 mark without its field": ("3mf", lying(0xFFFFFFFF), "inflates beyond", package()),
    # while inflating
    "the CRC holds": ("3mf", flipped(True), "damaged", flipped(False)),
    "no more is inflated than the directory says": ("3mf", lying(100), "damaged", lying(len(MODEL))),
    "nor less": ("3mf", lying(len(MODEL) + 1), "shorter", lying(len(MODEL), zlib.crc32(MODEL.encode()))),
    # XML
    "UTF-8: bytes": ("3mf", package(MODEL.encode() + b"<!--\xe9-->"), "not UTF-8", package((MODEL + "<!--é-->").encode())),
    "UTF-8: no UTF-16 with its mark": ("3mf", package(MODEL.encode("utf-16")), "not UTF-8", package("\ufeff" + MODEL)),
    "UTF-8: no UTF-16 without": ("3mf", package(MODEL.encode("utf-16-le")), "not UTF-8", package(MODEL)),
    "UTF-8: no UTF-16 in the relationships": ("3mf", package(rels=RELS.encode("utf-16-be")), "not UTF-8", package()),
    "UTF-8: as declared": (
        "3mf", package('<?xml version="1.0" encoding="utf-7"?>' + MODEL), "not UTF-8",
        package('<?xml version="1.0" encoding="utf-8"?>' + MODEL),
    ),
    "no document type": ("3mf", package("<!DOCTYPE model>" + MODEL), "document type", package("<!-- DOCTYPE -->" + MODEL)),
    "no entities": (
        "3mf", package('<!DOCTYPE m [<!ENTITY a "10"><!ENTITY b "&a;&a;">]>' + MODEL.replace('x="10"', 'x="&b;"', 1)),
        "document type", package(MODEL.replace('x="10"', 'x="&#49;0"', 1)),
    ),
    "no file from outside": (
        "3mf", package('<!DOCTYPE m SYSTEM "file:///etc/passwd">' + MODEL), "document type",
        package(MODEL.replace("<build>", '<v:x xmlns:v="file:///etc/passwd"/><build>')),
    ),
    "no document type in the relationships": ("3mf", package(rels="<!DOCTYPE m>" + RELS), "document type", package()),
    # ST_Number
    "no hex": ("3mf", number("0xA"), "coordinate", number("10")),
    "no NaN": ("3mf", number("NaN"), "coordinate", number("1e1")),
    "no INF": ("3mf", number("INF"), "coordinate", number("1E+1")),
    "no decimal comma": ("3mf", number("1,5"), "coordinate", number("1.5")),
    "two signs are none": ("3mf", number("+-1"), "coordinate", number("+1")),
    "no point without decimals": ("3mf", number("10."), "coordinate", number(".10")),
    "no blank inside": ("3mf", number("1 0"), "coordinate", number(" 10\t")),
    "no other blank": ("3mf", number("\u00a010"), "coordinate", number("\n10 ")),
    "no other digits": ("3mf", number("\u0661\u0660"), "coordinate", number("10")),
    "not nothing": ("3mf", number(""), "coordinate", number("0.0")),
    "in range": ("3mf", number("1.1e9"), "coordinate", number("-1e9")),
    "finite": ("3mf", number("1e400"), "coordinate", number("1e-400")),
    # indices
    "an index below n": ("3mf", changed('v3="3"', 'v3="8"'), "beyond the last", changed('v3="3"', 'v3="7"')),
    "an index from 0": ("3mf", changed('v3="3"', 'v3="-1"'), INDEX, changed('v3="3"', 'v3="4"')),
    "an index of 2^64": ("3mf", changed('v3="3"', f'v3="{2**64 + 3}"'), INDEX, changed('v3="3"', 'v3="3"')),
    "an index beyond 2^31": ("3mf", changed('v3="3"', f'v3="{2**32 + 3}"'), "beyond the last", changed('v3="3"', 'v3=" 3 "')),
    "three points that differ": ("3mf", changed('v3="3"', 'v3="2"'), "names a point twice", changed('v3="3"', 'v3="5"')),
    # objects, components, items
    "components at most 16 deep": ("3mf", nested(17), "too deep", nested(16)),
    "at most 10000 expanded": ("3mf", nested(1, 99, 101), "expands to more", nested(1, 99, 100)),
    "a bomb of components": ("3mf", nested(9, 30), "expands to more", nested(2, 30)),
    "no object in itself": ("3mf", cycle(2), "does not define before", cycle(1)),
    "no object in one that is in it": ("3mf", cycle(3), "does not define before", cycle(1)),
    "no transform of zeros": ("3mf", transform("0 0 0 0 0 0 0 0 0 1 1 1"), "flattens", transform("1 0 0 0 1 0 0 0 1 0 0 0")),
    "no transform that flattens": (
        "3mf", transform("1 0 0 0 1 0 1 1 0 0 0 0"), "flattens", transform("1 0 0 0 1 0 1 1 1e-3 0 0 0"),
    ),
    "a transform is finite": (
        "3mf", transform("1e400 0 0 0 1 0 0 0 1 0 0 0"), "coordinate", transform("1e-4 0 0 0 1e-4 0 0 0 1e-4 0 0 0"),
    ),
    "a transform has twelve numbers": (
        "3mf", transform("1 0 0 0 1 0 0 0 1 0 0"), "3x4", transform(" 1 0 0  0 1 0\n0 0 1 0 0 0 "),
    ),
    "a transform of numbers": ("3mf", transform("1\u00a00 0 0 1 0 0 0 1 0 0 0 0"), "coordinate", transform("-1 0 0 0 1 0 0 0 1 0 0 0")),
    "no object in another part": (
        "3mf", changed("<item ", f'<item xmlns:p="{threemf._PRODUCTION}" p:path="/3D/b.model" '), "another part",
        changed("<item ", f'<item xmlns:p="{threemf._PRODUCTION}" p:UUID="0" '),
    ),
    "a unit that there is": ("3mf", changed("millimeter", "Inch"), "unit", changed("millimeter", "inch")),
}  # fmt: skip


def read(folder: pathlib.Path, kind: str, data: bytes | str) -> list[tuple[str, object]]:
    path = folder / f"thing.{kind}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(meshes.read_file(path, None if kind == "3mf" else "mm"))


@pytest.mark.parametrize("rule", RULES)
def test_rule(tmp_path: pathlib.Path, rule: str) -> None:
    kind, broken, why, kept = RULES[rule]
    with pytest.raises(InputError, match=why) as refused:
        read(tmp_path, kind, broken)
    told = refused.value.for_sender()
    assert told.startswith("thing.") and "\n" not in told
    assert read(tmp_path, kind, kept)


def test_a_material_or_a_texture_is_another_file_and_stays_unread(tmp_path: pathlib.Path) -> None:
    pipe = tmp_path / "pipe.mtl"
    os.mkfifo(pipe)  # whoever opened it would wait for ever
    told = OBJ.replace("v 0 0 0", f"mtllib {pipe}\nusemtl x\nv 0 0 0", 1) + f"map_Kd {pipe}\n"
    assert len(read(tmp_path, "obj", told)) == 1
    textured = PLY.replace("format ascii 1.0", f"format ascii 1.0\ncomment TextureFile {pipe}")
    assert len(read(tmp_path, "ply", textured)) == 1
    with pytest.raises(InputError, match="is no file"):
        meshes.read_file(pipe.rename(tmp_path / "pipe.stl"), "mm")


def test_objects_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, counted in (
        ("MAX_OBJECTS", 3),
        ("MAX_FACES", 4 * 12),
        ("MAX_POINTS", 4 * 8),
        ("MAX_INSTANCES", 7),
        ("MAX_ENTRIES", 2),
    ):
        data = nested(2, 2)
        monkeypatch.setattr(threemf, limit, counted)
        assert len(threemf.read(data, "a.3mf")) == 4
        monkeypatch.setattr(threemf, limit, counted - 1)
        with pytest.raises(InputError, match=r"more than|too many"):
            threemf.read(data, "a.3mf")
        monkeypatch.undo()


def test_sizes_are_checked_before_anything_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    def inflates(*_: object) -> None:
        raise AssertionError("inflated")

    monkeypatch.setattr(zipfile.ZipFile, "open", inflates)
    before = ("parts", "ratio", "two parts", "reaches", "begins", "encrypted", "deflated", "zip64")
    asked = [rule for rule in RULES if any(word in rule for word in before)]
    assert len(asked) >= 8
    for rule in asked:
        with pytest.raises(InputError):
            threemf.read(RULES[rule][1], "a.3mf")  # type: ignore[arg-type]


# ---- what a file does to its reader, it does to the child ---------------------------------------------------------------

READERS = """
import faulthandler, itertools, os
def crash(*_): faulthandler._sigsegv()
def exits(*_): os._exit(0)
def loops(*_):
    while True: pass
def eats(*_): return [bytearray(1 << 20) for _ in range(10_000)]
def falls(*_): raise RecursionError
"""
DEATHS = {
    "crash": "makes its reader crash",
    "exits": "cannot be read: exit",
    "loops": "takes longer than",
    "eats": "needs too much memory",
    "falls": "cannot be read: RecursionError",
}


@pytest.mark.parametrize("how", DEATHS)
def test_a_reader_that_dies_costs_that_file_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    (tmp_path / "bad_readers.py").write_text(READERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(meshes, "READER", f"bad_readers:{how}")
    monkeypatch.setattr(meshes, "DEADLINE", 0.5 if how == "loops" else 20.0)
    monkeypatch.setattr(meshes, "MEMORY_MB", 300)
    try:
        with pytest.raises(InputError, match=DEATHS[how]) as told:
            read(tmp_path, "stl", stl())
        assert "\n" not in told.value.for_sender()
    finally:
        child.shared(("bad_readers",), memory_mb=300, forked=True).close()
        child._shared.pop((("bad_readers",), 300, True))
    monkeypatch.undo()
    assert len(read(tmp_path, "stl", stl())) == 1


def test_a_file_larger_than_memory_is_refused_in_a_line(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meshes, "MEMORY_MB", 80)
    with pytest.raises(InputError, match="needs too much memory"):
        read(tmp_path, "obj", "v 1 1 1\n" * 1_000_000)


# ---- damage ---------------------------------------------------------------------------------------------------------------

WHOLE_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "stl": ("stl", stl), "ply": ("ply", ply), "3mf": ("3mf", package), "3mf stored": ("3mf", lambda: package(stored=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_every_byte_cut_off_is_missed(tmp_path: pathlib.Path, name: str) -> None:
    kind, make = WHOLE_FILES[name]
    data = make()
    path = tmp_path / f"a.{kind}"
    for length in range(0, len(data), max(1, len(data) // 150)):
        path.write_bytes(data[:length])
        with pytest.raises(InputError):
            meshes.read(str(path), kind)


def test_what_was_read_is_a_mesh(tmp_path: pathlib.Path) -> None:
    for kind, data in (
        ("stl", stl()),
        ("stl", TEXT_STL),
        ("ply", PLY),
        ("ply", ply()),
        ("obj", OBJ),
        ("off", OFF),
        ("3mf", package()),
    ):
        ((_, mesh),) = read(tmp_path, kind, data)
        assert sorted(mesh.points[mesh.faces].sum(axis=1).tolist()) == sorted(  # type: ignore[attr-defined]
            np.array(CORNERS, dtype=np.float64)[np.array(FACES)].sum(axis=1).tolist()
        )
