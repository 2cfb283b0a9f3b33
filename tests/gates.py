"""The gates that a 3MF must pass, by independent readers: each returns what is wrong, or nothing."""

from __future__ import annotations

import io
import pathlib
import zipfile
import zlib
from collections.abc import Sequence

import lib3mf
import numpy as np
import pytest
from lib3mf import get_wrapper
from lxml import etree

from engine.export import threemf
from engine.model.mesh import Settled

MODEL = threemf.MODEL
XSD = pathlib.Path(__file__).parents[1] / "../shared/data/3mf/xsd/all.xsd"


def gate_zip(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, zlib.error) as fault:
        return [repr(fault)]
    return [f"CRC of {bad}"] if bad else []


def gate_xsd(data: bytes) -> list[str]:
    if not XSD.is_file():
        pytest.skip("the published schemas are not here")
    schema = etree.XMLSchema(etree.parse(str(XSD)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        try:
            tree = etree.fromstring(archive.read(MODEL))
        except etree.XMLSyntaxError as fault:
            return [str(fault)]
    return [] if schema.validate(tree) else [str(e) for e in schema.error_log]


def gate_lib3mf(data: bytes) -> list[str]:
    model = get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    try:
        reader.ReadFromBuffer(data)
    except lib3mf.ELib3MFException as fault:
        return [str(fault)]
    wrong = [reader.GetWarning(i)[1] for i in range(reader.GetWarningCount())]
    found = model.GetMeshObjects()
    while found.MoveNext():
        mesh = found.GetCurrentMeshObject()
        if not mesh.IsManifoldAndOriented():
            wrong.append(f"{mesh.GetName()} is not manifold and oriented")
    return wrong


def gate_same(data: bytes, parts: Sequence[Settled]) -> list[str]:
    """lib3mf's reading of the file against the arrays: same indices, same points to 0.5e-4 mm (float32 apart)."""
    model = get_wrapper().CreateModel()
    model.QueryReader("3mf").ReadFromBuffer(data)
    found = model.GetMeshObjects()
    wrong = []
    for part in parts:
        if not found.MoveNext():
            return [*wrong, f"{part.part.name} is missing"]
        mesh = found.GetCurrentMeshObject()
        faces = np.array([list(t.Indices) for t in mesh.GetTriangleIndices()])
        points = np.array([list(v.Coordinates) for v in mesh.GetVertices()])
        if faces.shape != part.faces.shape or (faces != part.faces).any():
            wrong.append(f"{part.part.name}: other triangles")
        elif np.abs(points - part.points).max() > 0.5e-4:
            wrong.append(f"{part.part.name}: other points")
    return wrong
