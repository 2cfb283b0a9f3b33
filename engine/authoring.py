"""All that a template sees of the engine. Importing it loads neither numba nor CadQuery."""

from engine.language.acceptance import Fitted
from engine.language.catalogue import catalogue
from engine.language.figures import direction, filled, pattern
from engine.language.heights import no_steeper, spline_face
from engine.language.marks import mark
from engine.language.parameters import angle, choice, count, flag, length, text
from engine.language.person import measure, outline, pressure, scan
from engine.language.pressed import Pressed
from engine.language.process_view import ProcessView
from engine.language.rules import Relation, at_least, at_most, between, forbid, require
from engine.language.sheets import sheet
from engine.language.smooth import smooth_abs, smooth_max, smooth_min
from engine.language.stages import cad, fit, rule, stage
from engine.language.table import table
from engine.language.template import Template
from engine.language.values import AS_DRAWN, Letters, Row, Solid, Text, tagged
from engine.model.deviation import Compared, DeviationLimits, deviation
from engine.model.face import Face
from engine.model.foot import Foot
from engine.model.grid import Grid
from engine.model.mesh import FLIPPED, Modifier, Part, Pose
from engine.model.order import Measurement
from engine.model.outline import Outline
from engine.model.process import Process
from engine.model.rounded import Rounded

__all__ = [
    "AS_DRAWN",
    "Compared",
    "DeviationLimits",
    "FLIPPED",
    "Face",
    "Fitted",
    "Foot",
    "Grid",
    "Letters",
    "Measurement",
    "Modifier",
    "Part",
    "Pose",
    "Pressed",
    "Outline",
    "Process",
    "ProcessView",
    "Relation",
    "Rounded",
    "Row",
    "Solid",
    "Template",
    "Text",
    "angle",
    "at_least",
    "at_most",
    "between",
    "cad",
    "catalogue",
    "choice",
    "count",
    "deviation",
    "direction",
    "filled",
    "fit",
    "flag",
    "forbid",
    "length",
    "mark",
    "measure",
    "no_steeper",
    "outline",
    "pattern",
    "pressure",
    "require",
    "rule",
    "scan",
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
