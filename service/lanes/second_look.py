"""What the lane does that looks at bodies again: draws one by CAD and compares. Runs in the child, after all others have had their turn."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.drift import Unseen, look
from engine.errands import template_of
from engine.errors import ChildFault, EnvironmentFault, TemplateError, UnikatError
from engine.language.template import Home
from engine.model.drift import Body, Looked
from engine.model.places import charts_folder

NICE = 10
"""So much it steps back behind the lanes of production."""
CAD_SHARE = 0.8
"""Of the seconds that a look may take, those that CAD may."""


def step_back() -> None:
    """In the server that the lane is forked from: it, the lane, and the CAD that the lane starts yield to all others."""
    os.nice(NICE)


def second_look(body: Body, source: Mapping[str, str], seconds: float) -> Looked | str:
    """How far chart and CAD are apart, or why nobody can tell: a code. No value of the order is among them."""
    try:
        return look(template_of(source), body, Home(None, charts_folder()), deadline=CAD_SHARE * seconds)
    except Unseen:
        return "other-chart"
    except TemplateError as error:
        inside = error.__cause__
        return f"cad-{inside.kind}" if isinstance(inside, ChildFault) else "cad"
    except EnvironmentFault:
        return "installation"
    except UnikatError as error:
        return type(error).__name__.lower()
