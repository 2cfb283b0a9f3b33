"""Template: declared parameters, stages and rules of one product. Run: one order on its way through a template."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from engine.chart import aside
from engine.errors import TemplateError
from engine.language.catalogue import Catalogue
from engine.language.charted import charts_digest
from engine.language.derived import Known, without
from engine.language.elsewhere import Elsewhere, Lent
from engine.language.inputs import NO_FILES, Inputs
from engine.language.memory import PERSONAL_BYTES, Bound, Kept, StageMemory, Tracer, heads
from engine.language.parameters import Field, Words, closest
from engine.language.process_view import ProcessView
from engine.language.stages import CadStage, Fit, Rule, Stage, check_truth, import_blame, vars_of
from engine.model.order import Origin, StageRun

if TYPE_CHECKING:
    from engine.language.acceptance import Fitted
    from engine.model.deviation import Compared
    from engine.model.lens import LensPair
    from engine.model.mesh import Part
    from engine.model.worn import Worn

_OWN = object.__setattr__


class Template:
    """A product. Subclass it: parameters as class attributes, @cad and @stage methods (the last @stage is the product),
    @fit and @rule methods; `key` and `version` identify it for ever, the docstring is the product's description."""

    key: ClassVar[str] = ""
    version: ClassVar[int] = 0
    family: ClassVar[str] = "part"
    licence: ClassVar[str] = "All rights reserved"
    designer: ClassVar[str] = "unikat"
    default_process: ClassVar[str] = "mjf-pa12"
    retention_days: ClassVar[int | None] = 90
    """How long a service keeps an order and its files after the end; then it erases them. None: until it is asked to."""
    french: ClassVar[str] = ""
    """The docstring in French."""
    made_to_measure: ClassVar[bool] = False
    """Whether its numbers are fitted to one person, so that few of those that are drawn one by one are anybody's: its sweep asks people."""

    fields: ClassVar[Mapping[str, Field[Any]]] = {}
    stages: ClassVar[Mapping[str, Stage]] = {}
    rules: ClassVar[Mapping[str, Rule]] = {}
    fits: ClassVar[Mapping[str, Fit]] = {}
    catalogue_fields: ClassVar[Mapping[str, Catalogue]] = {}
    personal_fields: ClassVar[frozenset[str]] = frozenset()

    run: Run

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        found = vars_of(cls)
        cls.fields = {n: v for n, v in found.items() if isinstance(v, Field)}
        cls.stages = {n: v for n, v in found.items() if isinstance(v, Stage)}
        cls.rules = {n: v for n, v in found.items() if isinstance(v, Rule)}
        cls.fits = {n: v for n, v in found.items() if isinstance(v, Fit)}
        cls.catalogue_fields = {n: v for n, v in cls.fields.items() if isinstance(v, Catalogue)}
        cls.personal_fields = frozenset(n for n, v in cls.fields.items() if v.personal)
        clash = {*cls.fields, *cls.stages, *cls.rules, *cls.fits} & {"run", *dir(Template)}
        if clash:
            raise TemplateError(cls.__name__, "class", f"{clash.pop()} is a name of the engine's own")
        for declared in cls.stages.values():
            check_truth(cls.key or cls.__name__, declared, cls.stages)
        if cls.key and (cls.version < 1 or not cls.product_stage_or_none() or not (cls.__doc__ or "").strip()):
            raise TemplateError(cls.key, "class", "needs a version of 1 or more, a docstring, and at least one @stage")
        days = cls.retention_days
        if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 36_500):
            raise TemplateError(cls.key or cls.__name__, "class", "retention_days must be 1 to 36500 days, or None")

    def __init__(self, run: Run) -> None:
        _OWN(self, "run", run)

    def __getattr__(self, name: str) -> Any:
        near = closest(name, [*self.fields, *self.stages, "process"])
        raise AttributeError(f"{type(self).__name__} has no {name!r}" + (f"; did you mean {near!r}?" if near else ""))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a template holds no state: {name!r} was assigned; hand values from stage to stage instead")

    @property
    def process(self) -> ProcessView:
        """Limits of the order's process: `self.process.wall`; each read is noted."""
        return ProcessView(self.run)

    def notes(self) -> Sequence[Words]:
        """Assumptions that the report should state, each in English, or in English and French; override it."""
        return []

    def acceptance(self, parts: Mapping[str, Part]) -> Sequence[Fitted]:
        """Measures of the finished parts against the limits within which they fit the person (`misfit` where one does not); override it."""
        return []

    def compared(self, parts: Mapping[str, Part]) -> Sequence[Compared]:
        """Where the finished parts lie against what was scanned of the person: `deviation.png` is drawn of it; override it."""
        return []

    def worn(self, parts: Mapping[str, Part]) -> Worn | None:
        """How the finished parts lie on the person that was scanned: `worn.png` and `deviation.png` are drawn of it; override it."""
        return None

    def lenses(self, parts: Mapping[str, Part]) -> LensPair | None:
        """The lenses that the finished parts take (lenses.dxf, .svg and .oma for the optician); override it in a frame."""
        return None

    @classmethod
    def product_stage_or_none(cls) -> Stage | None:
        """The last @stage that is no @cad, or the last @cad where there is no other."""
        plain = [s for s in cls.stages.values() if not isinstance(s, CadStage)]
        every = plain or list(cls.stages.values())
        return every[-1] if every else None

    @classmethod
    def schema(cls, language: str = "en") -> dict[str, Any]:
        """JSON Schema 2020-12 of an order's fields for this template."""
        sections: dict[str, dict[str, Any]] = {}
        for found in cls.fields.values():
            _, name = found.path.split(".", 1)
            sections.setdefault(found.section, {})[name] = found.schema(language)
        closed = {s: {"type": "object", "properties": p, "additionalProperties": False} for s, p in sections.items()}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": cls.key,
            "description": cls.description(language),
            "type": "object",
            "properties": {"template": {"const": cls.key}, **closed},
            "required": ["template"],
            "x-version": cls.version,
            "x-retention-days": cls.retention_days,
        }

    @classmethod
    def description(cls, language: str = "en") -> str:
        """The docstring, or its French, in one line."""
        return " ".join(((language == "fr" and cls.french) or cls.__doc__ or "").split())

    @classmethod
    def source(cls) -> dict[str, str]:
        """How a child finds this class again."""
        module = sys.modules[cls.__module__]
        where = getattr(module, "__unikat_file__", None)
        return {"file": str(where), "class": cls.__name__} if where else {"module": cls.__module__, "class": cls.__name__}

    @classmethod
    def written_in(cls) -> dict[str, str]:
        """Of a designer's file: its name and sha256, so that a rebuild can ask for it. Of an installed template: nothing."""
        told = vars(sys.modules[cls.__module__])
        if "__unikat_file__" not in told:
            return {}
        return {"file": pathlib.Path(told["__unikat_file__"]).name, "file_sha256": told["__unikat_sha256__"]}


@dataclass
class Home:
    """Where stages remember: shared by all orders of one process. `disk` None: in memory only. `charts`: where compiled ones lie; None: all
    is drawn by CAD. `elsewhere`: bodies that others drew. `aside`: the marks of charts found wrong, as they were when this was made."""

    disk: pathlib.Path | None = None
    charts: pathlib.Path | None = None
    elsewhere: Elsewhere | None = None
    bound: Bound = field(default_factory=Bound)
    personal: Bound = field(default_factory=lambda: Bound(PERSONAL_BYTES))
    stages: dict[tuple[type, str, str], StageMemory] = field(default_factory=dict)
    readings: StageMemory = field(init=False)
    """Of persons' files, whichever template asked."""
    aside: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.readings = StageMemory(self.personal, None)
        self.aside = aside.names(self.charts)

    @property
    def holds(self) -> bool:
        """Whether no chart was set aside, or taken back, since: else what is remembered may be of a wrong one."""
        return self.aside == aside.names(self.charts)


class Run:
    """One order on its way: values by name, the traces of the stages that run now, and what each stage cost."""

    def __init__(
        self,
        cls: type[Template],
        values: Mapping[str, Any],
        origins: Mapping[str, Origin],
        process: Mapping[str, object],
        *,
        home: Home | None,
        code_hash: str = "",
        cad_deadline: float = 120.0,
        inputs: Inputs | None = None,
    ) -> None:
        self.cls = cls
        self.values = dict(values)
        self._known: dict[str, object] | None = None
        self.origins = dict(origins)
        self.process = process
        self.home = home or Home()
        self.code_hash = code_hash
        self.cad_deadline = cad_deadline
        self.inputs = inputs or Inputs(NO_FILES, self.home.readings, code_hash)
        self.tracers: list[Tracer] = []
        self.steps: list[str] = []
        self.announce: Callable[[str], None] | None = None
        self.done: dict[str, Kept] = {}
        self.noted: dict[str, Kept] = {}
        self.stages: list[StageRun] = []
        self.artifacts: dict[str, str] = {}
        self.fonts: dict[str, str] = {}
        self.derived: dict[Hashable, Known] = {}

    def look(self, name: str) -> object:
        """The value of `wall`, `phone.width_mm`, `process.wall` or `font.roboto-bold` (its sha256); LookupError where none is."""
        known = self._known if self._known is not None else self._all_known()
        if name not in known:
            head, _, column = name.partition(".")
            if head != "font":
                raise KeyError(name)
            from engine.shape.fonts import sha256

            known[name] = sha256(column)
        return known[name]

    def told(self, names: tuple[str, ...]) -> tuple[object, ...]:
        """The values of several names, as `look` gives them."""
        known = self._known if self._known is not None else self._all_known()
        try:
            return tuple([known[name] for name in names])
        except KeyError:
            return tuple([self.look(name) for name in names])

    def _all_known(self) -> dict[str, object]:
        """Every value of this order by its name in a trace; fonts come when they are asked for."""
        known: dict[str, object] = {f"process.{name}": value for name, value in self.process.items()}
        for name, found in self.cls.catalogue_fields.items():
            if name in self.values:
                known |= found.dotted(self.values[name])
        known |= self.values
        self._known = known
        return known

    def settle(self, name: str, value: object, origin: Origin) -> None:
        """A parameter gets another value, and one that says where it came from."""
        self.values[name], self.origins[name], self._known = value, origin, None
        self.derived = without(self.derived, name)

    def read(self, name: str) -> Any:
        """The same, noted in the trace of the stage that asks."""
        known = self._known if self._known is not None else self._all_known()
        if name in known and not name.startswith("font."):
            value = known[name]
            if self.tracers:
                self.tracers[-1].pairs[name] = value
            return value
        if self.personal(name):
            raise LookupError(f"{name} is a person's: a @cad stage must not read it; use it in a @stage")
        value = self.look(name)
        self.note(name, value)
        return value

    def note(self, name: str, value: object) -> None:
        """A read of this name by the innermost stage that runs now."""
        if name.startswith("font."):
            self.fonts[name[5:]] = str(value)
        if self.tracers:
            self.tracers[-1].note(name, value)

    def enter(self, step: str) -> None:
        """A designer's method begins: said to whoever must know where a child died."""
        self.steps.append(step)
        if self.announce is not None:
            self.announce(step)

    def leave(self) -> None:
        """It has ended, and the one that called it goes on."""
        self.steps.pop()
        if self.announce is not None and self.steps:
            self.announce(self.steps[-1])

    def personal(self, name: str) -> bool:
        """Whether what this name holds is a person's."""
        found = self.cls.fields.get(name.partition(".")[0])
        return found is not None and found.personal

    def of_a_person(self, names: tuple[str, ...]) -> bool:
        """Whether any of what was read is a person's, or was fitted to one."""
        return any(h in self.cls.personal_fields or self.origins.get(h) is Origin.FITTED for h in heads(names))

    @contextlib.contextmanager
    def tracing(self, stage: str) -> Iterator[Tracer]:
        """Note the reads of one stage."""
        if len(self.tracers) >= 50:
            raise TemplateError(self.cls.key, stage, "stages call each other without end")
        self.tracers.append(Tracer())
        try:
            yield self.tracers[-1]
        finally:
            self.tracers.pop()

    def memory_of(self, stage: Stage) -> StageMemory:
        """What this stage remembers; on disk, and elsewhere, only where it is CAD, the one kind that is slow."""
        name, home = (self.cls, stage.name, self.code_hash), self.home
        if name not in home.stages:
            disk = lent = None
            if isinstance(stage, CadStage) and self.code_hash and (home.disk or home.elsewhere):
                state = self.code_hash[:16] + charts_digest(self, stage.name)[:8]  # what a chart makes now is not what CAD drew
                folder = f"{self.cls.key}-{self.cls.version}-{stage.name}/{state}"
                disk, lent = home.disk and home.disk / folder, Lent(home.elsewhere, folder) if home.elsewhere else None
            home.stages[name] = StageMemory(home.bound, disk, home.personal, lent)
        return home.stages[name]

    def note_all(self, stage: str, kept: Kept) -> None:
        """What a stage read is read by the stage that called it, as are its artifacts; these and its fonts are in the record."""
        artifacts = kept.beneath if kept.artifact is None else {**kept.beneath, stage: kept.artifact}
        if kept is not self.noted.get(stage):
            self.noted[stage] = kept
            self.fonts.update(kept.trace.fonts)
            self.artifacts.update(artifacts)
        if self.tracers:
            self.tracers[-1].note_all(stage, kept, artifacts)

    def handed(self, stage: str, kept: Kept) -> Any:
        """The result, to the stage that asked for it: what it read is read by that one too."""
        self.note_all(stage, kept)
        return kept.result

    def finished(self, stage: str, kept: Kept, cpu_ms: float, hit: bool) -> None:
        """The stage is done for this order: one line of the report."""
        self.done[stage] = kept
        self.stages.append(StageRun(stage, round(cpu_ms, 3), hit))

    def for_child(self, stage: str) -> dict[str, Any]:
        """What a child needs to run one @cad stage of this order; no text, measure or file of a person's goes along."""
        plain = {n: v for n, v in self.values.items() if self.cls.fields[n].drawable}
        return {"source": self.cls.source(), "stage": stage, "values": plain, "process": dict(self.process)}


def template_from(source: Mapping[str, str]) -> type[Template]:
    """The class that `source` names: a module's, or that of a designer's file."""
    if "file" in source:
        return load_file(pathlib.Path(source["file"]))
    found = getattr(importlib.import_module(source["module"]), source["class"])
    assert isinstance(found, type) and issubclass(found, Template)
    return found


def load_file(path: pathlib.Path) -> type[Template]:
    """The one template in a designer's file (the last one defined, if there are several). Runs the file: call it in a child."""
    name = f"unikat_template_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        loader = _AsItIsNow(name, str(path))
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        if spec is None:
            raise TemplateError(path.name, "import", "is no Python file")
        module = importlib.util.module_from_spec(spec)
        module.__dict__["__unikat_file__"] = str(path.resolve())
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except TemplateError:
            del sys.modules[name]
            raise
        except Exception as error:  # a designer's file may raise anything: it becomes a TemplateError with its line
            del sys.modules[name]
            raise import_blame(path.name, (str(path),), error) from error
        module.__dict__["__unikat_sha256__"] = loader.sha256
    found = [v for v in vars(sys.modules[name]).values() if isinstance(v, type) and issubclass(v, Template) and v.key]
    if not found:
        raise TemplateError(path.name, "import", "defines no Template with a key")
    return found[-1]


class _AsItIsNow(importlib.machinery.SourceFileLoader):
    """Compiles the file itself: bytecode beside it is told from a newer file by whole seconds and its size alone."""

    sha256 = ""

    def path_stats(self, path: str) -> Any:
        """As of a file that has no stats: no bytecode is read, none is written."""
        raise OSError

    def get_data(self, path: str) -> bytes:
        """The file's bytes; their hash is kept, for the record."""
        data = super().get_data(path)
        self.sha256 = hashlib.sha256(data).hexdigest()
        return data
