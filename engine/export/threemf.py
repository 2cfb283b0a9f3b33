"""3MF: one model part that lib3mf (strict), PrusaSlicer 2.5 and the published schemas take without a word.

3MF Core 1.3, Production 1.1 (UUIDs only), OPC. The core namespace is the default one and the production prefix is exactly `p`
(some readers look for the letters); ids start at 1; every object is built; the decimals are the lattice's integers, so nothing
is lost. The part is written as deflate segments (see `engine.export.zipped`): for a part with a kept body

    head | body's vertices | new vertices | body's triangles | new triangles

and the body's two come from a cache when they are known. The cuts are the same without it, so the bytes are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.export.identity import Identity
from engine.export.kept import KeptSegments
from engine.export.xml import escaped
from engine.export.zipped import Entry, Segment, deflate, deflated, pack, stored
from engine.model.mesh import STEPS_PER_MM, Settled, sampled
from kernels import decimals

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
PRUSA = "http://schemas.slic3r.org/3mf/2017/06"
OURS = "urn:unikat:3mf"
"""The namespace of our own metadata names (`unikat:Template`, ...)."""

MODEL = "3D/3dmodel.model"
THUMBNAIL = "Metadata/thumbnail.png"
PRUSA_CONFIG = "Metadata/Slic3r_PE.config"

_OPC = "http://schemas.openxmlformats.org/package/2006"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TYPES = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "model": "application/vnd.ms-package.3dmanufacturing-3dmodel+xml",
    "png": "image/png",
    "config": "text/plain",
    "json": "application/json",
    "xml": "application/xml",
}
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
_BETWEEN = b"</vertices><triangles>"
_AFTER = "</triangles></mesh></object>"
_SMALL = 256  # below, deflate gains nothing worth its time

Rows = npt.NDArray[np.int32]


def write(
    parts: Sequence[Settled],
    identity: Identity,
    *,
    thumbnail: bytes | None = None,
    extra: Mapping[str, bytes] | None = None,
    moves: Sequence[tuple[int, int]] | None = None,
    cache: KeptSegments | None = None,
) -> bytes:
    """The 3MF file of these parts, each an object and an item, at the coordinates of its lattice.

    `moves`: how far to move each item in x and y, in steps of 1e-4 mm (a place on the bed for each of several parts).
    `thumbnail`: PNG. `extra`: further files by their name in the package (`Metadata/Slic3r_PE.config`...); a PrusaSlicer config
    also marks the model as a PrusaSlicer project. `cache`: segments of bodies that were written before.
    Raises EngineFault for no part, no face, an index outside the points, a colour that is none, or a text that XML cannot hold.
    """
    if not parts:
        raise EngineFault("a 3MF without a part is not written")
    extra = extra or {}
    entries = [
        stored("[Content_Types].xml", _content_types(extra, thumbnail).encode()),
        stored("_rels/.rels", _relationships(thumbnail).encode()),
        deflated(MODEL, model_segments(parts, identity, project=PRUSA_CONFIG in extra, moves=moves, cache=cache)),
    ]
    if thumbnail is not None:
        entries.append(stored(THUMBNAIL, thumbnail))
    entries.extend(_attached(name, extra[name]) for name in sorted(extra))
    return pack(entries)


def model_segments(
    parts: Sequence[Settled],
    identity: Identity,
    *,
    project: bool = False,
    moves: Sequence[tuple[int, int]] | None = None,
    cache: KeptSegments | None = None,
) -> list[Segment]:
    """`3D/3dmodel.model` of these parts as deflate segments. `project`: mark it as PrusaSlicer's (`slic3rpe:Version3mf`)."""
    materials = list(dict.fromkeys(_material(settled) for settled in parts))
    head = _head(identity, project) + _base_materials(materials)
    segments: list[Segment] = []
    for at, settled in enumerate(parts):
        before = (head if at == 0 else "") + _object(settled, at, identity, materials.index(_material(settled)), len(parts))
        after = _AFTER + (_build(parts, identity, moves) if at == len(parts) - 1 else "")
        segments.extend(_mesh(settled, before.encode(), after.encode(), cache))
    return segments


def _mesh(settled: Settled, before: bytes, after: bytes, cache: KeptSegments | None) -> list[Segment]:
    points, faces, kept = settled.lattice, settled.faces, settled.kept
    count = len(points)
    if not len(faces) or count < 3:
        raise EngineFault(f"part {settled.part.name}: no triangles to write")
    segments = [deflate(before)]
    old_points, old_faces = (kept.points, kept.faces) if kept is not None else (0, 0)
    if not (0 <= old_points <= count and 0 <= old_faces <= len(faces)):
        raise EngineFault(f"part {settled.part.name}: keeps more of its body than it has")
    body_points, body_faces = points[:old_points], faces[:old_faces]
    if kept is not None and cache is not None:
        segments.append(cache.get("vertices", kept.key, body_points, lambda: _vertices(body_points)))
    else:
        segments.append(_vertices(body_points))
    segments.append(_vertices(points[old_points:], _BETWEEN))
    if kept is not None and cache is not None and not (old_faces and body_faces.max() >= count):
        named = sampled(body_faces)  # bodies of one chart have the same ones
        segments.append(cache.get("triangles", named, body_faces, lambda: _triangles(body_faces, count, settled.part.name)))
    else:
        segments.append(_triangles(body_faces, count, settled.part.name))
    segments.append(_triangles(faces[old_faces:], count, settled.part.name, after))
    return [segment for segment in segments if segment.size]


def _vertices(points: Rows, after: bytes = b"") -> Segment:
    text = np.empty(decimals.VERTEX_BYTES * len(points) + len(after), dtype=np.uint8)
    return _packed(text, decimals.vertices(points, decimals.digits(), text), after)


def _triangles(faces: Rows, points: int, name: str, after: bytes = b"") -> Segment:
    text = np.empty(decimals.TRIANGLE_BYTES * len(faces) + len(after), dtype=np.uint8)
    used = decimals.triangles(faces, points, decimals.digits(), text)
    if used < 0:
        raise EngineFault(f"part {name}: face {-1 - used} names a point that is not there")
    return _packed(text, used, after)


def _packed(text: npt.NDArray[np.uint8], used: int, after: bytes) -> Segment:
    if after:
        text[used : used + len(after)] = np.frombuffer(after, dtype=np.uint8)
    return deflate(text.data[: used + len(after)])


def _head(identity: Identity, project: bool) -> str:
    names = {
        "Title": identity.title,
        "Designer": identity.designer,
        "Description": identity.description,
        "LicenseTerms": identity.licence,
        "Application": identity.application,
        "unikat:Template": identity.template,
        "unikat:TemplateVersion": "" if identity.version is None else str(identity.version),
        "unikat:PartNumber": identity.part_number,
        "unikat:Reference": identity.reference,
    }
    if project:
        names["slic3rpe:Version3mf"] = "1"
    spaces = f'xmlns="{CORE}" xmlns:p="{PRODUCTION}" xmlns:unikat="{OURS}"' + (f' xmlns:slic3rpe="{PRUSA}"' if project else "")
    return (
        f'{_DECLARATION}<model unit="millimeter" xml:lang="en-US" {spaces}>'
        + "".join(f'<metadata name="{name}">{escaped(value)}</metadata>' for name, value in names.items() if value)
        + "<resources>"
    )


def _material(settled: Settled) -> tuple[str, str]:
    part = settled.part
    if not _COLOUR.fullmatch(part.colour):
        raise EngineFault(f"part {part.name}: its colour is not of the form #rrggbb")
    return (part.material or part.name, part.colour.upper())


def _base_materials(materials: Sequence[tuple[str, str]]) -> str:
    bases = "".join(f'<base name="{escaped(name)}" displaycolor="{colour}"/>' for name, colour in materials)
    return f'<basematerials id="1">{bases}</basematerials>'


def _object(settled: Settled, at: int, identity: Identity, material: int, count: int) -> str:
    name = settled.part.name
    return (
        f'<object id="{at + 2}" type="model" name="{escaped(name)}"{_part_number(identity, name, count)} pid="1" '
        f'pindex="{material}" p:UUID="{identity.child(f"object {at} {name}")}"><mesh><vertices>'
    )


def _build(parts: Sequence[Settled], identity: Identity, moves: Sequence[tuple[int, int]] | None) -> str:
    items = []
    for at, (settled, (x, y)) in enumerate(zip(parts, moves or [(0, 0)] * len(parts), strict=True)):
        name = settled.part.name
        moved = f' transform="1 0 0 0 1 0 0 0 1 {_millimetres(x)} {_millimetres(y)} 0"' if x or y else ""
        item = (
            f'<item objectid="{at + 2}"{moved}{_part_number(identity, name, len(parts))} '
            f'p:UUID="{identity.child(f"item {at} {name}")}"'
        )
        if identity.reference:
            reference = f'<metadata name="unikat:Reference">{escaped(identity.reference)}</metadata>'
            items.append(f"{item}><metadatagroup>{reference}</metadatagroup></item>")
        else:
            items.append(f"{item}/>")
    return f'</resources><build p:UUID="{identity.uuid}">{"".join(items)}</build></model>'


def _millimetres(steps: int) -> str:
    """The shortest exact decimal of a count of 1e-4 mm."""
    whole, part = divmod(abs(steps), STEPS_PER_MM)
    decimal = f"{whole}.{part:04d}".rstrip("0").rstrip(".")
    return f"-{decimal}" if steps < 0 else decimal


def _part_number(identity: Identity, name: str, count: int) -> str:
    if not identity.part_number:
        return ""
    number = identity.part_number if count == 1 else f"{identity.part_number}/{name}"
    return f' partnumber="{escaped(number)}"'


@functools.lru_cache(maxsize=32)  # a process's settings are the same for all its orders
def _attached(name: str, content: bytes) -> Entry:
    return stored(name, content) if len(content) < _SMALL else deflated(name, [deflate(content)])


def _content_types(extra: Mapping[str, bytes], thumbnail: bytes | None) -> str:
    endings = {"rels", "model"} | ({"png"} if thumbnail is not None else set())
    for name in extra:
        ending = name.rpartition(".")[2].lower()
        if ending not in _TYPES:
            raise EngineFault(f"no content type is known for {name}")
        endings.add(ending)
    defaults = "".join(f'<Default Extension="{end}" ContentType="{kind}"/>' for end, kind in _TYPES.items() if end in endings)
    return f'{_DECLARATION}<Types xmlns="{_OPC}/content-types">{defaults}</Types>'


def _relationships(thumbnail: bytes | None) -> str:
    model = f'<Relationship Target="/{MODEL}" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
    picture = f'<Relationship Target="/{THUMBNAIL}" Id="rel1" Type="{_OPC}/relationships/metadata/thumbnail"/>'
    return (
        f'{_DECLARATION}<Relationships xmlns="{_OPC}/relationships">'
        f"{model}{picture if thumbnail is not None else ''}</Relationships>"
    )
