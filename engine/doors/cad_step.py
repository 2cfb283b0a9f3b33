"""The CAD door's writer: STEP of a solid, in the CAD child."""

from __future__ import annotations

import io
from typing import Any


def step_text(solid: Any) -> bytes:
    """STEP AP214 in mm of the solid. Its header tells the time, and its product's name ends in how many this process has written."""
    from OCP.IFSelect import IFSelect_ReturnStatus
    from OCP.Interface import Interface_Static
    from OCP.STEPControl import STEPControl_StepModelType, STEPControl_Writer

    writer = STEPControl_Writer()  # first: it declares the settings
    for name, value in (("write.step.product.name", "unikat"), ("write.step.schema", "AP214IS"), ("write.step.unit", "MM")):
        Interface_Static.SetCVal_s(name, value)
    Interface_Static.SetIVal_s("write.step.assembly", 0)  # several solids are one product
    stream = io.BytesIO()
    done = IFSelect_ReturnStatus.IFSelect_RetDone
    if writer.Transfer(solid, STEPControl_StepModelType.STEPControl_AsIs) != done or writer.WriteStream(stream) != done:
        raise ValueError("OCCT cannot write it as STEP")
    return stream.getvalue()
