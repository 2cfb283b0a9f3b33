"""All that a template sees of the engine. Importing it loads neither numba nor CadQuery."""

from engine.language.acceptance import Fitted
from engine.language.catalogue import catalogue
from engine.language.derived import derived
from engine.language.figures import angle_of, direction, filled, nose_section, off_skin, pattern
from engine.language.heights import no_steeper, spline_face
from engine.language.lenses import (
    LENS_SHAPES,
    lens_aspect,
    lens_blank,
    lens_box,
    lens_curve,
    lens_moved,
    lens_outline,
    lens_room,
    lens_shape,
)
from engine.language.marks import mark
from engine.language.parameters import angle, choice, count, curvature, flag, length, text
from engine.language.person import measure, outline, points, pressure, scan
from engine.language.plates import along, aside, lain, plate, plate_body, seat
from engine.language.pressed import Pressed
from engine.language.process_view import ProcessView
from engine.language.rules import Relation, at_least, at_most, between, forbid, require
from engine.language.sheets import raised, sheet
from engine.language.smooth import smooth_abs, smooth_max, smooth_min
from engine.language.stages import cad, fit, rule, stage
from engine.language.table import table
from engine.language.template import Template
from engine.language.values import AS_DRAWN, Letters, Row, Solid, Text, tagged
from engine.model.deviation import Compared, Deviation, DeviationLimits, deviation
from engine.model.face import Face
from engine.model.foot import Foot, Side
from engine.model.grid import Grid
from engine.model.lens import Boxed, LensCurve, LensOutline, LensPair, ToldLens, Trace
from engine.model.mesh import FLIPPED, Modifier, Part, Pose
from engine.model.order import Measurement
from engine.model.outline import Outline
from engine.model.plate import Knuckle, Rings, Seat, rings
from engine.model.process import Process
from engine.model.rounded import Rounded
from engine.model.worn import Panel, Worn

__all__ = [
    "AS_DRAWN",
    "Boxed",
    "Compared",
    "Deviation",
    "DeviationLimits",
    "FLIPPED",
    "Face",
    "Fitted",
    "Foot",
    "Grid",
    "Knuckle",
    "LENS_SHAPES",
    "LensCurve",
    "LensOutline",
    "LensPair",
    "Letters",
    "Measurement",
    "Modifier",
    "Part",
    "Pose",
    "Pressed",
    "Outline",
    "Panel",
    "Process",
    "ProcessView",
    "Relation",
    "Rings",
    "Rounded",
    "Row",
    "Seat",
    "Side",
    "Solid",
    "Template",
    "Text",
    "along",
    "ToldLens",
    "Trace",
    "Worn",
    "angle",
    "angle_of",
    "aside",
    "at_least",
    "at_most",
    "between",
    "cad",
    "catalogue",
    "choice",
    "count",
    "curvature",
    "derived",
    "deviation",
    "direction",
    "filled",
    "fit",
    "flag",
    "forbid",
    "lain",
    "length",
    "lens_aspect",
    "lens_blank",
    "lens_box",
    "lens_curve",
    "lens_moved",
    "lens_outline",
    "lens_room",
    "lens_shape",
    "mark",
    "nose_section",
    "off_skin",
    "measure",
    "no_steeper",
    "outline",
    "pattern",
    "plate",
    "plate_body",
    "points",
    "pressure",
    "raised",
    "require",
    "rings",
    "rule",
    "scan",
    "seat",
    "sheet",
    "smooth_abs",
    "smooth_max",
    "smooth_min",
    "spline_face",
    "stage",
    "table",
    "tagged",
    "text",
]
