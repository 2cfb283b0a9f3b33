"""Every error that leaves the engine; whose it is to fix decides the branch.

    UnikatError
      OrderError          the customer's: a field of the order (field, value, limit, nearest, rule)        exit 2, or 1 when a rule refused
        Refused           a rule, or a stage that found that the product cannot be: honest, never a fault   exit 1
      TemplateError       the designer's: a stage raised, hung, crashed, or gave no solid (stage, line)     exit 3, 2 from outside
        CadInvalid        engine.doors.cad: what a @cad stage drew is no solid (`code`)                     exit 3, 2 from outside
      InputError          the scanner's: a file that is no mesh, no trace, has no unit (file, what)         exit 2
      OffPatch            engine.shape.stamp: an outline leaves its patch; a stage makes a Refused of it    exit 3
      TooCurved           engine.shape.stamp: a patch is curved too narrowly for a depth; made a Refused    exit 3
      Unstamped           engine.doors.cad_stamp: no stamp on the exact face; made an OrderError            exit 3
      EnvironmentFault    the installation's: a library, font or slicer is missing (what to install)        exit 3
      EngineFault         ours: a promise of the engine did not hold                                        exit 3
        ChildFault        a unit's child died: `kind` is crash, exit, timeout, memory, lost                 exit 3
        RemoteError       engine.doors.child: code in a child raised what is not one of these               exit 3
        BadOutline        engine.shape.stamp: an outline meets itself, or runs the wrong way round          exit 3
        NotAsOrdered      engine.export.gcode: the slicer made something else than what was ordered         exit 3
      Undrawn             engine.compiling.crew: a body could not be drawn (cause); the compile goes on     exit 3
      SentHome            engine.compiling.crew: the compile was ended while it worked; nothing is kept of it   never
      MoreInputs          engine.compiling.charting: a @cad method asked for more; the compile begins anew  exit 3
      Unchartable         engine.chart.coordinates: a @cad method is given more than numbers and words      exit 3
      Unseen              engine.drift: a chart's body cannot be compared any more; counted                 never
      BadChart            engine.chart.form: a file is no chart that can be used; CAD draws instead         never

`str()` of an error never holds what the customer sent, nor words that a designer's code made at run time and that may quote
it: those are in its attributes, which go to the sender alone (`for_sender()`), never to a log.
"""

from __future__ import annotations

from typing import Literal, Self

from engine.french import COUNTED, french, french_limit


class UnikatError(Exception):
    """The root: catch this to catch all that the engine raises on purpose."""

    def for_sender(self) -> str:
        """One line for who sent the order; may hold the values that she sent."""
        return str(self)


class OrderError(UnikatError):
    """A field of the order that cannot be taken: names field, value, limit and the nearest allowed value."""

    def __init__(
        self,
        field: str,
        why: str | tuple[str, str],
        *,
        value: object = None,
        limit: object = None,
        nearest: object = None,
        rule: str | None = None,
    ) -> None:
        """`why`: in English, as it stands in engine.french; or in English and French."""
        english, french_too = (why, None) if isinstance(why, str) else why
        super().__init__(f"{field}: {english}")
        self.field = field
        self.why = english
        self.french: str | None = french_too
        self.value = value
        self.limit = limit
        self.nearest = nearest
        self.rule = rule

    def called(self, known_as: str) -> Self:
        """The same, where the field's name is the sender's own word: what str() calls it instead."""
        self.args = (f"{known_as}: {self.why}",)
        return self

    def for_sender(self, language: str = "en") -> str:
        """`field: why (got value; limit; nearest allowed: n)` in one line, in English ("en") or French ("fr")."""
        if language == "fr":
            return self._in_french()
        told = []
        if self.value is not None:
            told.append(f"got {_short(self.value)}")
        if self.limit is not None:
            told.append(f"limit {_short(self.limit)}")
        if self.nearest is not None:
            told.append(f"nearest allowed {_short(self.nearest)}")
        line = f"{self.field}: {self.why}" + (f" ({'; '.join(told)})" if told else "")
        return line + (f" [rule {self.rule}]" if self.rule else "")

    def _in_french(self) -> str:
        told = []
        if self.value is not None:
            told.append(f"reçu {_short(french_limit(self.value) if self.why in COUNTED else self.value)}")
        if self.limit is not None:
            told.append(f"limite {_short(french_limit(self.limit))}")
        if self.nearest is not None:
            told.append(f"plus proche admis {_short(french_limit(self.nearest))}")
        line = f"{self.field} : {self.french or french(self.why) or self.why}" + (f" ({' ; '.join(told)})" if told else "")
        return line + (f" [règle {self.rule}]" if self.rule else "")


class Refused(OrderError):
    """The order is well-formed, and this product cannot be made of it: a rule says why, and what would do.

    `also`: what other rules refuse of the order as it would then be.
    """

    also: tuple[Refused, ...] = ()


class TemplateError(UnikatError):
    """A stage of a template failed: names the template, the stage, the line in the designer's file, and the cause.

    `why` is ours; `message` is what the designer's code said, which may quote a customer: for the sender alone.
    `outside`: the template is not one of ours but a designer's own; then it is an input, and its failure exit 2.
    """

    outside = False

    def __init__(
        self,
        template: str,
        stage: str,
        why: str,
        *,
        message: str = "",
        line: int | None = None,
        file: str | None = None,
    ) -> None:
        where = f"{file or template}:{line}" if line is not None else template
        super().__init__(f"{where}: stage {stage}: {why}")
        self.template = template
        self.stage = stage
        self.why = why
        self.message = message
        self.line = line
        self.file = file

    def for_sender(self) -> str:
        """With what the designer's code said, in one line."""
        return _with(self, self.message)


class InputError(UnikatError):
    """A file that came in cannot be used: which, and what would do. `why` as it stands in engine.french. `message`: what of it only the
    sender may read; `message_fr` the same in French, where it is not in engine.french."""

    def __init__(self, what: str, why: str, *, message: str = "", message_fr: str = "") -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
        self.message = message
        self.message_fr = message_fr or french(message) or message

    def for_sender(self, language: str = "en") -> str:
        """With what only the sender may read, in English ("en") or French ("fr")."""
        if language == "fr":
            told = " ".join(self.message_fr.split())[:300]
            return f"{self.what} : {french(self.why) or self.why}" + (f" : {told}" if told else "")
        return _with(self, self.message)


class EnvironmentFault(UnikatError):
    """Something this installation needs is missing; the message says in one line what to install."""


class EngineFault(UnikatError):
    """A promise of ours did not hold."""


ChildFaultKind = Literal["crash", "exit", "timeout", "memory", "lost"]


class ChildFault(EngineFault):
    """The child that worked on one unit died. `stage`, `file` and `line`: where it was, as far as it could still say."""

    def __init__(
        self,
        kind: ChildFaultKind,
        why: str,
        *,
        stage: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(why)
        self.kind = kind
        self.stage = stage
        self.file = file
        self.line = line


def _with(error: UnikatError, message: str) -> str:
    told = " ".join(message.split())[:300]
    return f"{error}: {told}" if told else str(error)


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    text = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return text if len(text) <= 60 else f"{text[:57]}..."
