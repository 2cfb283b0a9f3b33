"""3MF from outside: the consortium's samples, our own back to the integer, and a file made for each thing that is refused."""

from __future__ import annotations

import io
import pathlib
import random
import struct
import uuid
import zipfile

import numpy as np
import pytest

from engine.errors import InputError
from engine.export import threemf as writer
from engine.export.identity import Identity
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled
from engine.reading import threemf
from engine.verify.checks import verdict, verify
from engine.verify.settle import settle

CORNERS = [(x, y, z) for z in (0, 1) for y in (0, 1) for x in (0, 1)]
QUADS = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
FACES = [t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))]
VERTICES = "".join(f'<vertex x="{10 * x}" y="{10 * y}" z="{10 * z}"/>' for x, y, z in CORNERS)
TRIANGLES = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in FACES)
CUBE = f"<mesh><vertices>{VERTICES}</vertices><triangles>{TRIANGLES}</triangles></mesh>"
OBJECT = f'<object id="1">{CUBE}</object>'
ITEM = '<item objectid="1"/>'
HEAD = f'<model unit="millimeter" xmlns="{threemf.CORE}">'
MODEL = f"{HEAD}<resources>{OBJECT}</resources><build>{ITEM}</build></model>"
TICKET = "http://schemas.microsoft.com/3dmanufacturing/2013/01/printticket"
MATERIAL = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"


def relationships(*pairs: tuple[str, str], more: str = "") -> str:
    rows = "".join(f'<Relationship Id="r{k}" Target="{t}" Type="{kind}" {more}/>' for k, (t, kind) in enumerate(pairs))
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


START = ("/3D/3dmodel.model", threemf._MODEL_TYPE)
RELS = relationships(START)


def package(model: str | bytes = MODEL, rels: str = RELS, **more: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"_rels/.rels": rels, "3D/3dmodel.model": model, **more}.items():
            archive.writestr(name, content)
    return out.getvalue()


def changed(old: str, new: str) -> bytes:
    assert old in MODEL
    return package(MODEL.replace(old, new, 1))


def components(levels: int, width: int) -> str:
    """Objects 1 (the cube) to `levels` + 1, each of `width` of the one before."""
    objects = [OBJECT]
    for level in range(levels):
        inner = f"<component objectid='{level + 1}'/>" * width
        objects.append(f'<object id="{level + 2}"><components>{inner}</components></object>')
    return f'{HEAD}<resources>{"".join(objects)}</resources><build><item objectid="{levels + 1}"/></build></model>'


def test_the_cube_is_read() -> None:
    ((name, points, faces),) = threemf.read(package(), "a.3mf")
    assert name == "item-1-1" and points.tolist() == [[10.0 * v for v in p] for p in CORNERS]
    assert faces.tolist() == [list(f) for f in FACES]


def test_units_transforms_and_components() -> None:
    inch = changed('unit="millimeter"', 'unit="inch"')
    assert threemf.read(inch, "a")[0][1].max() == 254.0
    moved = changed(ITEM, '<item objectid="1" transform="2 0 0 0 2 0 0 0 2 5 6 7"/>')
    assert threemf.read(moved, "a")[0][1].min(axis=0).tolist() == [5, 6, 7]
    twice = components(2, 2).replace("objectid='1'", "objectid='1' transform='1 0 0 0 1 0 0 0 1 20 0 0'", 1)
    found = threemf.read(package(twice), "a")
    assert [p.min(axis=0)[0] for _, p, _ in found] == [20, 0, 20, 0]
    mirror = changed(ITEM, '<item objectid="1" transform="-1 0 0 0 1 0 0 0 1 0 0 0"/>')
    ((_, points, faces),) = threemf.read(mirror, "a")
    assert verify([settle(Part("x", Mesh(points, faces.astype(np.int32))))])[1] == ()
    # small, and no flattening: micrometres of a model in metres
    assert threemf.read(changed(ITEM, '<item objectid="1" transform="1e-5 0 0 0 1e-5 0 0 0 1e-5 0 0 0"/>'), "a")


HARMLESS = {
    "with a byte order mark and a declaration": package('\ufeff<?xml version="1.0" encoding="utf-8"?>' + MODEL),
    "of foreign attributes and elements": package(
        MODEL.replace('id="1"', 'id="1" xmlns:v="urn:v" v:new="1"').replace("<build>", '<v:build xmlns:v="urn:v"/><build>')
    ),
    "that requires the extensions which change no shape": package(
        MODEL.replace("<model ", f'<model xmlns:q="{MATERIAL}" xmlns:w="{PRODUCTION}" requiredextensions="q w" ')
    ),
    "with metadata": package(
        MODEL.replace("<resources>", '<metadata name="Title">x</metadata><metadata name="a:b">x</metadata><resources>')
    ),
    "with one print ticket": package(**{"3D/_rels/3dmodel.model.rels": relationships(("/x", TICKET))}),
    "that names a part outside": package(
        rels=RELS.replace(
            "<Relationship ", '<Relationship Id="w" Target="http://x/y" Type="z" TargetMode="External"/><Relationship '
        )
    ),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_a_file(case: str) -> None:
    assert len(threemf.read(HARMLESS[case], "a.3mf")[0][2]) == 12


def _overlapping() -> bytes:
    data = bytearray(package())
    last = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, last + 42, 10)
    return bytes(data)


def _twice() -> bytes:
    out = io.BytesIO(package())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("3d/3DMODEL.model", MODEL)
    return out.getvalue()


def _flagged(bit: int) -> bytes:
    data = bytearray(package())
    data[data.rindex(b"PK\x01\x02") + 8] |= bit
    return bytes(data)


def _method(number: int) -> bytes:
    data = bytearray(package())
    struct.pack_into("<H", data, data.rindex(b"PK\x01\x02") + 10, number)
    return bytes(data)


def _told_smaller() -> bytes:
    data = bytearray(package())
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 100)
    return bytes(data)


def _flipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("_rels/.rels", RELS)
        archive.writestr("3D/3dmodel.model", MODEL)
    return out.getvalue().replace(b'x="10"', b'x="11"', 1)


TRIANGLE, VERTEX = '<triangle v1="0" v2="2" v3="3"/>', '<vertex x="10" y="0" z="0"/>'
BAD = {
    "no archive": (b"PK\x03\x04 no more", "is no 3MF archive"),
    "cut": (package()[:-30], "is no 3MF archive"),
    "a bomb": (package(b" " * 20_000_000), "200 times"),
    "two entries of one name": (_twice(), "two of one name"),
    "a thousand entries": (package(**{f"x{k}": "" for k in range(1000)}), "too many"),
    "entries that overlap": (_overlapping(), "overlap"),
    "encrypted": (_flagged(1), "encrypted"),
    "compressed otherwise": (_method(12), "in a way"),
    "a size that lies": (_told_smaller(), "is damaged"),
    "a bit that fell over": (_flipped(), "is damaged"),
    "no relationships": (package().replace(b"_rels/.rels", b"_rels/_rels"), "has no _rels/.rels"),
    "no model": (package(rels=relationships()), "names 0 models"),
    "two models": (package(rels=relationships(START, START)), "names 2 models"),
    "a model elsewhere": (package(rels=relationships(START, more='TargetMode="External"')), "names 0 models"),
    "a part that is not there": (package(rels=relationships(START, ("/x.png", "t"))), "does not hold"),
    "two print tickets": (
        package(**{"3D/_rels/3dmodel.model.rels": relationships(("/a", TICKET), ("/b", TICKET))}),
        "print ticket",
    ),
    "a DOCTYPE": (package('<!DOCTYPE m [<!ENTITY a "b">]>' + MODEL), "document type"),
    "a DOCTYPE in the relationships": (package(rels="<!DOCTYPE m>" + RELS), "document type"),
    "UTF-16": (package(MODEL.encode("utf-16")), "not UTF-8"),
    "Latin 1 that says so": (package('<?xml version="1.0" encoding="iso-8859-1"?>' + MODEL), "not UTF-8"),
    "bytes that are no UTF-8": (package(MODEL.encode().replace(b"<build>", b"<!-- \xff --><build>")), "not UTF-8"),
    "an open tag": (changed("</build>", ""), "well-formed"),
    "an unbound prefix": (changed("<build>", "<v:x/><build>"), "well-formed"),
    "another root": (package("<a/>"), "has no <model>"),
    "another namespace": (changed("core/2015/02", "core/2035/02"), "has no <model>"),
    "no build": (package(f"{HEAD}<resources>{OBJECT}</resources></model>"), "has no <build>"),
    "no resources": (package(f"{HEAD}<build/></model>"), "has no <resources>"),
    "a build in the resources": (changed("</resources><build>", "<build/></resources><build>"), "wrong place"),
    "two builds": (changed("<build>", "<build/><build>"), "a second <build>"),
    "nothing to build": (changed(ITEM, ""), "builds nothing"),
    "an unknown unit": (changed("millimeter", "ell"), "unit"),
    "a required extension": (changed("<model ", '<model xmlns:b="urn:beams" requiredextensions="b" '), "extension"),
    "a required extension without a namespace": (changed("<model ", '<model requiredextensions="m" '), "extension"),
    "metadata without a name": (changed("<resources>", "<metadata>x</metadata><resources>"), "without a name"),
    "metadata of its own name": (changed("<resources>", '<metadata name="Own">x</metadata><resources>'), "nor has a prefix"),
    "xml:space": (changed("<model ", '<model xml:space="default" '), "xml:space"),
    "an object without an id": (changed('<object id="1"', "<object"), "without an id"),
    "an object 0": (changed('<object id="1"', '<object id="0"'), "above 0"),
    "an object id in hex": (changed('<object id="1"', '<object id="0x1"'), "above 0"),
    "two objects of one id": (changed("</resources>", OBJECT.replace('"1"', '"01"', 1) + "</resources>"), "repeated"),
    "a material of an object's id": (changed("</resources>", '<basematerials id="1"/></resources>'), "repeated"),
    "an object in the build": (changed("<build>", f"<build>{OBJECT}"), "outside the resources"),
    "a property index alone": (changed('<object id="1"', '<object id="1" pindex="0"'), "no property group"),
    "an empty object": (changed(CUBE, ""), "without triangles"),
    "an object in another part": (changed("<item ", f'<item xmlns:p="{PRODUCTION}" p:path="/x" '), "another part"),
    "an item of nothing": (changed('objectid="1"', 'objectid="2"'), "does not define before"),
    "a component of itself": (package(components(1, 1).replace("objectid='1'", "objectid='2'")), "does not define before"),
    "a component of a later one": (package(components(2, 1).replace("objectid='1'", "objectid='3'")), "does not define before"),
    "components too deep": (package(components(17, 1)), "too deep"),
    "a component bomb": (package(components(14, 10)), "expands to more than"),
    "a coordinate in hex": (changed('x="10"', 'x="0x10"'), "coordinate"),
    "a coordinate NaN": (changed('x="10"', 'x="NaN"'), "coordinate"),
    "a coordinate INF": (changed('x="10"', 'x="INF"'), "coordinate"),
    "a coordinate 1e30": (changed('x="10"', 'x="1e30"'), "coordinate"),
    "a coordinate 1e999": (changed('x="10"', 'x="1e999"'), "coordinate"),
    "a coordinate with an underscore": (changed('x="10"', 'x="1_0"'), "coordinate"),
    "a coordinate in other digits": (changed('x="10"', 'x="\u0661\u0660"'), "coordinate"),
    "a coordinate in words": (changed('x="10"', 'x="ten"'), "coordinate"),
    "no coordinate": (changed(VERTEX, '<vertex x="10" y="0"/>'), "coordinate"),
    "an index beyond the last": (changed(TRIANGLE, TRIANGLE.replace('"3"', '"8"')), "beyond the last"),
    "an index below the first": (changed(TRIANGLE, TRIANGLE.replace('"3"', '"-1"')), "index"),
    "an index in hex": (changed(TRIANGLE, TRIANGLE.replace('"3"', '"0x3"')), "index"),
    "an endless index": (changed(TRIANGLE, TRIANGLE.replace('"3"', f'"{"9" * 5000}"')), "index"),
    "no index": (changed(TRIANGLE, '<triangle v1="0" v2="2"/>'), "index"),
    "a point twice": (changed(TRIANGLE, TRIANGLE.replace('"3"', '"0"')), "twice"),
    "a transform of zeros": (changed(ITEM, f'<item objectid="1" transform="{"0 " * 12}"/>'), "flattens"),
    "a transform that flattens": (changed(ITEM, '<item objectid="1" transform="1 0 0 0 1 0 1 1 0 0 0 0"/>'), "flattens"),
    "a transform of eleven": (changed(ITEM, f'<item objectid="1" transform="{"1 " * 11}"/>'), "3x4"),
    "a transform with NaN": (changed(ITEM, '<item objectid="1" transform="NaN 0 0 0 1 0 0 0 1 0 0 0"/>'), "coordinate"),
}


@pytest.mark.parametrize("case", BAD)
def test_refused(case: str) -> None:
    data, why = BAD[case]
    with pytest.raises(InputError, match=why):
        threemf.read(data, "a.3mf")


@pytest.mark.parametrize("limit", ["MAX_FACES", "MAX_POINTS", "MAX_OBJECTS"])
def test_limits_on_what_is_expanded(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    data = package(components(3, 3))
    assert len(threemf.read(data, "a.3mf")) == 27
    monkeypatch.setattr(threemf, limit, {"MAX_FACES": 27 * 12 - 1, "MAX_POINTS": 27 * 8 - 1, "MAX_OBJECTS": 3}[limit])
    with pytest.raises(InputError, match="more than"):
        threemf.read(data, "a.3mf")


def test_damaged_bytes_are_read_or_refused_and_nothing_else() -> None:
    dice = random.Random(7)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("_rels/.rels", RELS)
        archive.writestr("3D/3dmodel.model", MODEL)
    texts = 0
    for whole in (package(), out.getvalue()):
        for _ in range(300):
            bad = bytearray(whole)
            for _ in range(dice.randint(1, 3)):
                bad[dice.randrange(len(bad))] = dice.randrange(256)
            try:
                threemf.read(bytes(bad), "a.3mf")
            except InputError:
                texts += 1
    for _ in range(300):
        model = bytearray(MODEL.encode())
        for _ in range(dice.randint(1, 3)):
            model[dice.randrange(len(model))] = dice.choice((34, 45, 48, 60, 62, 101, dice.randrange(256)))
        try:
            threemf.read(package(bytes(model)), "a.3mf")
        except InputError:
            texts += 1
    assert 400 < texts < 900


def _cube(side: float, holes: int = 0, away: int = 0) -> Settled:
    lattice = (np.array(CORNERS) * round(side * STEPS_PER_MM) + (away * STEPS_PER_MM, 0, 0)).astype(np.int32)
    faces = np.array(FACES[holes:], dtype=np.int32)
    return Settled(Part("cube", Mesh(lattice / STEPS_PER_MM, faces)), Pose(), lattice, faces)


@pytest.mark.parametrize("holes", [0, 1])
def test_our_own_comes_back_to_the_integer(holes: int) -> None:
    identity = Identity(
        title='<Zoé> & "Ю"', uuid=uuid.UUID(int=7), application="unikat 0", designer="unikat", description="a\nb", licence="CC0",
        part_number="1", reference="2", template="cube", version=1,
    )  # fmt: skip
    sent = [_cube(12.3457), _cube(7.0001, holes, away=20)]
    found = threemf.read(writer.write(sent, identity), "model.3mf")
    back = [settle(Part(name, Mesh(points, faces.astype(np.int32)))) for name, points, faces in found]
    for ours, theirs in zip(sent, back, strict=True):
        assert ours.lattice.tolist() == theirs.lattice.tolist() and ours.faces.tolist() == theirs.faces.tolist()
    before, after = verify(sent), verify(back)
    assert verdict(*before[:2]) == verdict(*after[:2]) == ("refused" if holes else "printable")
    assert [f.code for f in before[1]] == [f.code for f in after[1]]
    assert after[2]["triangles"] == before[2]["triangles"] == 24 - holes


NOT_REFUSED = {
    "Chapter2.3.2c_UndefinedNameSpaceInXDS": "a foreign attribute: the schema lets any, and slicers mark painted triangles so",
    "Extension_Chapter2_MissingColorValue": "materials extension: a colour, which is not read",
    "Extension_Chapter4c_MissingMatidMatIndices": "materials extension: composites, which are not read",
    "Extension_Chapter5a_MissingPIDs": "materials extension: multiproperties, which are not read",
    "Extension_Chapter5c_MultipleReferenceToColorgroup": "materials extension: multiproperties, which are not read",
    "Extension_Chapter5d_MultipleReferenceToCompositeMaterials": "materials extension: multiproperties, which are not read",
    "Extension_Chapter6_2DTexture_MissingPath": "materials extension: a texture, which is not read",
}


REFUSED = {
    "Chapter2.1.1a_PartsRelationships_NonExist3DModelPart": "names 0 models",
    "Chapter2.1.2_PartsRelationships_MoreThanOne3DModelPart": "names 2 models",
    "Chapter2.1.3_PartsRelationships_NonExistThumbnailPart": "names a part that it does not hold",
    "Chapter2.1.4_PartsRelationships_MoreThanOnePrintTicket": "more than one print ticket",
    "Chapter2.3.2b_DataTypeDefinitionInXMLMarkup": "document type",
    "Chapter2.3.4_WhiteSpace": "xml:space",
    "Chapter3.4.1a_MissingMetadataName": "metadata of a name",
    "Chapter3.4b_MissingBuildElement": "no <build>",
    "Chapter3.4c_MissingResourceElement": "does not define before",
    "Chapter4b_PID_IsNotSpecified": "no property group",
    "Chapter5a_DuplicatedBaseMaterials": "repeated",
    "Extension_Chapter2_DuplicatedIdAcrossGroup": "repeated",
    "Extension_Chapter3_DuplicatedTexture2DGroup": "repeated",
    "Extension_Chapter4a_DuplicatedCompositeMaterials": "repeated",
}


def test_the_samples_of_the_consortium(shared_data: pathlib.Path) -> None:
    """MUSTPASS are read; of MUSTFAIL each is refused for what is wrong in it, but for those listed with the reason."""
    files = sorted((shared_data / "3mf").glob("*.3mf"))
    assert len(files) == 31
    refused, accepted = {}, set()
    for path in files:
        name = path.stem.removeprefix("MUSTFAIL_").removeprefix("3MF100_")
        try:
            found = threemf.read(path.read_bytes(), path.name)
        except InputError as error:
            assert path.name.startswith("MUSTFAIL_"), str(error)
            refused[name] = error.why
            continue
        assert all(len(faces) for *_, faces in found), path.name
        if path.name.startswith("MUSTFAIL_"):
            accepted.add(name)
    assert accepted == set(NOT_REFUSED)
    assert set(refused) == set(REFUSED) and all(REFUSED[name] in why for name, why in refused.items()), refused
