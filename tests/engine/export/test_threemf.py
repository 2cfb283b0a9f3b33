"""The 3MF that is written passes every reader; each gate is seen to fail on a file that was spoilt for it."""

from __future__ import annotations

import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from lib3mf import get_wrapper

from engine.errors import EngineFault
from engine.export import threemf, zipped
from engine.export.identity import Identity, order_uuid
from engine.export.kept import KeptSegments
from engine.model.mesh import Kept, Settled
from tests.gates import gate_lib3mf, gate_same, gate_xsd, gate_zip

Make = Callable[..., Settled]
MODEL = threemf.MODEL
CONFIG = {threemf.PRUSA_CONFIG: b"; settings\n; layer_height = 0.2\n" * 20}
# 1 x 1, so that a thumbnail is there
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def parts(stand_in: Make, ball: Make, cube: Make) -> list[Settled]:
    return [stand_in(ball(3), "body"), stand_in(cube(), "lid & <key>", colour="#ff8000", material="PLA")]


@pytest.fixture(scope="module")
def written(parts: list[Settled], identity: Identity) -> bytes:
    return threemf.write(parts, identity, thumbnail=DOT, extra=CONFIG)


def respelt(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same archive with one file's content changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    assert change(held[name]) != held[name]
    held[name] = change(held[name])
    return zipped.pack([zipped.stored(entry, content) for entry, content in held.items()])


# --- what is written passes ----------------------------------------------------------------------------------------------


def test_every_gate_is_passed(written: bytes, parts: list[Settled]) -> None:
    assert gate_zip(written) == []
    assert gate_xsd(written) == []
    assert gate_lib3mf(written) == []
    assert gate_same(written, parts) == []


def test_the_decimals_are_the_lattice_s(written: bytes, parts: list[Settled]) -> None:
    """Exactly, by Python's own parser and integers."""
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        root = ElementTree.fromstring(archive.read(MODEL))
    core = f"{{{threemf.CORE}}}"
    for found, part in zip(root.iter(f"{core}mesh"), parts, strict=True):
        points = [[round(float(v.attrib[k]) * 10_000) for k in "xyz"] for v in found.iter(f"{core}vertex")]
        faces = [[int(t.attrib[k]) for k in ("v1", "v2", "v3")] for t in found.iter(f"{core}triangle")]
        assert points == part.lattice.tolist()
        assert faces == part.faces.tolist()


def test_trimesh_reads_the_same(written: bytes, parts: list[Settled]) -> None:
    scene = trimesh.load(io.BytesIO(written), file_type="3mf", process=False)
    for part in parts:
        mesh = scene.geometry[part.part.name]
        assert mesh.is_volume
        assert (mesh.faces == part.faces).all()
        assert np.abs(mesh.vertices - part.points).max() <= 0.5e-4


@pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="prusa-slicer is not installed")
def test_prusaslicer_finds_nothing_to_repair(written: bytes, parts: list[Settled], tmp_path: pathlib.Path) -> None:
    file = tmp_path / "sample.3mf"
    file.write_bytes(written)
    ran = subprocess.run(["prusa-slicer", "--info", str(file)], capture_output=True, text=True, timeout=60)
    said = ran.stdout
    assert ran.returncode == 0
    assert said.count("manifold = yes") == len(parts)
    assert not re.search("open_edges|facets_|degenerate_facets|parts_fixed|edges_fixed", said)
    volumes = [float(v) for v in re.findall(r"volume = ([\d.]+)", said)]
    ours = [abs(trimesh.Trimesh(part.points, part.faces, process=False).volume) for part in parts]
    assert volumes == pytest.approx(ours, rel=1e-4)


def test_words_are_carried(written: bytes, identity: Identity) -> None:
    model = get_wrapper().CreateModel()
    model.QueryReader("3mf").ReadFromBuffer(written)
    words = model.GetMetaDataGroup()
    told = {words.GetMetaData(i).GetName(): words.GetMetaData(i).GetValue() for i in range(words.GetMetaDataCount())}
    assert told["Title"] == identity.title
    assert told["Description"] == "Line one line two"
    assert told["LicenseTerms"] == "CC BY 4.0"
    assert (told["Template"], told["TemplateVersion"]) == ("case", "1")
    assert "CreationDate" not in told
    assert model.GetBuildUUID()[1] == str(identity.uuid)
    items = model.GetBuildItems()
    assert items.MoveNext()
    assert items.GetCurrent().GetPartNumber() == "case-1-0001/body"
    assert model.HasPackageThumbnailAttachment()


def test_rules_of_the_spelling(written: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        text = archive.read(MODEL).decode()
        types = archive.read("[Content_Types].xml").decode()
        dates = {entry.date_time for entry in archive.infolist()}
    assert f'xmlns="{threemf.CORE}"' in text and f'xmlns:p="{threemf.PRODUCTION}"' in text
    assert [int(i) for i in re.findall(r'<object id="(\d+)"', text)] == [2, 3]
    assert re.findall(r'objectid="(\d+)"', text) == ["2", "3"]
    assert '<basematerials id="1">' in text and 'displaycolor="#FF8000"' in text
    assert text.count("p:UUID=") == 1 + 2 + 2
    assert len(set(re.findall('p:UUID="([^"]*)"', text))) == 5
    assert 'Extension="rels"' in types and 'Extension="config"' in types
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_only_a_project_is_marked_as_one(parts: list[Settled], identity: Identity, written: bytes) -> None:
    plain = threemf.write(parts, identity)
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        assert b"slic3rpe" not in archive.read(MODEL)
        assert threemf.THUMBNAIL not in archive.namelist()
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert b'<metadata name="slic3rpe:Version3mf">1</metadata>' in archive.read(MODEL)


def test_moved_items(parts: list[Settled], identity: Identity) -> None:
    data = threemf.write(parts, identity, moves=[(0, 0), (1_250_000, -1)])
    assert gate_lib3mf(data) == gate_xsd(data) == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert re.findall('transform="([^"]*)"', archive.read(MODEL).decode()) == ["1 0 0 0 1 0 0 0 1 125 -0.0001 0"]


# --- each gate fails on what it is for -----------------------------------------------------------------------------------


def test_gate_zip_sees_a_changed_byte(written: bytes) -> None:
    spoilt = bytearray(written)
    spoilt[len(spoilt) // 2] ^= 1
    assert gate_zip(bytes(spoilt))


def test_gate_zip_sees_a_wrongly_joined_crc(parts: list[Settled], identity: Identity) -> None:
    segments = threemf.model_segments(parts, identity)
    segments[1] = replace(segments[1], crc=segments[1].crc ^ 1)
    assert gate_zip(zipped.pack([zipped.deflated(MODEL, segments)]))


@pytest.mark.parametrize(
    ("old", "new", "gates"),
    [
        (b'name="unikat:Template"', b'name="other:Template"', {"xsd", "lib3mf"}),
        (b'name="Designer"', b'name="Artist"', {"lib3mf"}),
        (b'objectid="3"', b'objectid="4"', {"lib3mf"}),
        (b'z="20"', b'z="2O"', {"xsd"}),  # lib3mf reads 2
        (b"<vertices>", b"<vertexes>", {"xsd", "lib3mf"}),
    ],
)
def test_gates_see_a_wrong_word(written: bytes, old: bytes, new: bytes, gates: set[str]) -> None:
    spoilt = respelt(written, MODEL, lambda text: text.replace(old, new, 1))
    seen = {"xsd": gate_xsd(spoilt), "lib3mf": gate_lib3mf(spoilt)}
    assert gates <= {name for name, wrong in seen.items() if wrong}


def test_gates_see_a_flipped_and_a_missing_triangle(stand_in: Make, cube: Make, identity: Identity) -> None:
    lattice, faces = cube()
    flipped = faces.copy()
    flipped[3] = flipped[3, ::-1]
    for wrong in (flipped, faces[1:]):
        data = threemf.write([stand_in((lattice, wrong))], identity)
        assert any("manifold" in said for said in gate_lib3mf(data))


def test_gate_same_sees_a_moved_point_and_another_triangle(written: bytes, parts: list[Settled]) -> None:
    moved = respelt(written, MODEL, lambda text: text.replace(b'z="20"', b'z="20.0001"', 1))
    assert gate_same(moved, parts) == ["body: other points"]
    other = respelt(written, MODEL, lambda text: re.sub(rb'v1="(\d+)" v2="(\d+)"', rb'v1="\2" v2="\1"', text, count=1))
    assert gate_same(other, parts) == ["body: other triangles"]


def test_gate_lib3mf_sees_a_missing_relationship(written: bytes) -> None:
    assert gate_lib3mf(respelt(written, "_rels/.rels", lambda text: text.replace(b"3dmodel.model", b"other.model")))


# --- the splice ------------------------------------------------------------------------------------------------------------


def named(stand_in: Make, ball: Make, seed: int, key: str = "body") -> Settled:
    """A known body, its last faces each split in three by a new point."""
    lattice, faces = ball(3)
    rng = np.random.default_rng(seed)
    cut = len(faces) - int(rng.integers(5, 40))
    new_points, new_faces = [], []
    for a, b, c in faces[cut:].tolist():
        middle = len(lattice) + len(new_points)
        new_points.append(np.round(lattice[[a, b, c]].mean(axis=0) * 1.001))
        new_faces += [(a, b, middle), (b, c, middle), (c, a, middle)]
    rows = (np.vstack([lattice, new_points]), np.vstack([faces[:cut], new_faces]))
    return stand_in(rows, kept=Kept(key, len(lattice), cut))


def test_warm_and_cold_are_the_same_bytes(stand_in: Make, ball: Make, identity: Identity) -> None:
    cache = KeptSegments()
    for seed in (1, 2, 1, 3, 2, 1):
        part = named(stand_in, ball, seed)
        warm = threemf.write([part], identity, cache=cache)
        assert warm == threemf.write([part], identity)
        assert gate_zip(warm) == gate_lib3mf(warm) == gate_same(warm, [part]) == []
    assert cache.hits >= 6


def test_bodies_of_the_same_faces_share_their_triangles(stand_in: Make, ball: Make, identity: Identity) -> None:
    """Whatever chart they are of: only a body's points are written anew."""
    cache, first = KeptSegments(), named(stand_in, ball, 1, key="one")
    threemf.write([first], identity, cache=cache)
    larger = stand_in((2 * first.lattice, first.faces), kept=replace(first.kept, key="another"))
    assert threemf.write([larger], identity, cache=cache) == threemf.write([larger], identity)
    assert (cache.hits, cache.misses) == (1, 3)


def test_a_wrong_key_never_gives_a_wrong_file(stand_in: Make, ball: Make, identity: Identity) -> None:
    cache = KeptSegments()
    part = named(stand_in, ball, 1)
    threemf.write([part], identity, cache=cache)
    shifted = part.lattice.copy()
    shifted[0, 0] += 1
    liar = stand_in((shifted, part.faces), kept=part.kept)
    assert threemf.write([liar], identity, cache=cache) == threemf.write([liar], identity)


def test_a_whole_kept_body_and_an_empty_one(stand_in: Make, cube: Make, identity: Identity) -> None:
    lattice, faces = cube()
    whole = stand_in((lattice, faces), kept=Kept("k", len(lattice), len(faces)))
    none = stand_in((lattice, faces), kept=Kept("k", 0, 0))
    cache = KeptSegments()
    for part in (whole, none):
        data = threemf.write([part], identity, cache=cache)
        assert gate_zip(data) == gate_lib3mf(data) == gate_xsd(data) == []
        assert data == threemf.write([part], identity)


def test_the_cache_is_bounded(stand_in: Make, ball: Make, identity: Identity) -> None:
    cache = KeptSegments(limit=60_000)
    for seed in range(12):
        threemf.write([named(stand_in, ball, seed, key=f"body {seed}")], identity, cache=cache)
        assert cache.held <= cache.limit


def test_kept_beyond_the_mesh_is_our_fault(stand_in: Make, cube: Make, identity: Identity) -> None:
    with pytest.raises(EngineFault, match="keeps more"):
        threemf.write([stand_in(cube(), kept=Kept("k", 9, 12))], identity)


# --- determinism -----------------------------------------------------------------------------------------------------------


def test_order_of_extras_does_not_matter(parts: list[Settled], identity: Identity) -> None:
    extra = {"Metadata/a.config": b"1", "Metadata/b.config": b"2"}
    turned = dict(reversed(extra.items()))
    assert threemf.write(parts, identity, extra=extra) == threemf.write(parts, identity, extra=turned)


_ELSEWHERE = """
import hashlib, uuid, numpy as np
from engine.export import glb, stl, threemf
from engine.export.identity import Identity, order_uuid
from engine.model.mesh import Kept, Mesh, Part, Pose, Settled
rng = np.random.default_rng(7)
lattice = rng.integers(-500_000, 500_000, (400, 3)).astype(np.int32)
faces = (np.arange(2400).reshape(-1, 3) * 7 % 400).astype(np.int32)
part = Settled(Part("body", Mesh(lattice / 1e4, faces)), Pose(), lattice, faces, Kept("k", 100, 300))
identity = Identity("Case", order_uuid(b"{}"), "unikat 0", template="case", version=1)
digest = hashlib.sha256()
for data in (threemf.write([part], identity, thumbnail=b"png"), stl.write(part), glb.write([part], identity)):
    digest.update(data)
print(digest.hexdigest())
"""


def test_same_bytes_in_another_process() -> None:
    """Another hash seed, time zone and date do not matter; another order does (test_uuid_comes_from_the_order)."""
    told = set()
    for seed, zone in (("0", "UTC"), ("12345", "Pacific/Auckland")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        ran = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=pathlib.Path(__file__).parents[3],
        )
        assert ran.returncode == 0, ran.stderr
        told.add(ran.stdout)
    assert len(told) == 1


def test_uuid_comes_from_the_order() -> None:
    assert order_uuid(b"{}") == order_uuid(b"{}") != order_uuid(b"{ }")
    assert order_uuid(b"{}", "serial 1") != order_uuid(b"{}", "serial 2")
    assert order_uuid(b"{}").version == 5


# --- refused ---------------------------------------------------------------------------------------------------------------


def test_nothing_to_write_is_refused(stand_in: Make, cube: Make, identity: Identity) -> None:
    lattice, faces = cube()
    with pytest.raises(EngineFault, match="without a part"):
        threemf.write([], identity)
    with pytest.raises(EngineFault, match="no triangles"):
        threemf.write([stand_in((lattice, faces[:0]))], identity)


@pytest.mark.parametrize("bad", [-1, 8, 2**31 - 1])
def test_an_index_outside_is_refused(stand_in: Make, cube: Make, identity: Identity, bad: int) -> None:
    lattice, faces = cube()
    faces[5, 1] = bad
    with pytest.raises(EngineFault, match="face 5"):
        threemf.write([stand_in((lattice, faces))], identity)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ud800", "\ufffe"])
def test_characters_that_xml_cannot_hold(stand_in: Make, cube: Make, identity: Identity, text: str) -> None:
    with pytest.raises(EngineFault, match="character"):
        threemf.write([stand_in(cube())], replace(identity, title=text))


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", '#000000"'])
def test_a_colour_that_is_none(stand_in: Make, cube: Make, identity: Identity, colour: str) -> None:
    with pytest.raises(EngineFault, match="colour"):
        threemf.write([stand_in(cube(), colour=colour)], identity)


def test_names_a_zip_cannot_hold(stand_in: Make, cube: Make, identity: Identity) -> None:
    with pytest.raises(EngineFault, match="names"):
        threemf.write([stand_in(cube())], identity, extra={"Metadata/é.config": b""})
    with pytest.raises(EngineFault, match="content type"):
        threemf.write([stand_in(cube())], identity, extra={"Metadata/a.exe": b""})
