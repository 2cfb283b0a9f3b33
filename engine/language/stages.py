"""@stage, @cad, @fit and @rule: what a template's methods are, and how a stage runs, remembers and fails."""

from __future__ import annotations

import pathlib
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from engine.errors import ChildFault, TemplateError, UnikatError
from engine.language.charted import OF_CHART, from_chart
from engine.language.values import Solid, Tagged

if TYPE_CHECKING:
    from engine.language.template import Run, Template

Method = Callable[..., Any]
T = TypeVar("T")


class Step:
    """A method of a template that the engine runs. `name` is the method's."""

    def __init__(self, function: Method) -> None:
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__


class Stage(Step):
    """Parameters to geometry, remembered by its trace. `truth`: the @cad stage that this fast one stands for."""

    def __init__(self, function: Method, truth: str | None = None) -> None:
        super().__init__(function)
        self.truth = truth

    @overload
    def __get__(self, instance: None, owner: type[Template]) -> Stage: ...
    @overload
    def __get__(self, instance: Template, owner: type[Template]) -> Callable[[], Any]: ...
    def __get__(self, instance: Template | None, owner: type[Template]) -> Stage | Callable[[], Any]:
        if instance is None:
            return self
        return lambda: run_stage(self, instance)

    def execute(self, template: Template) -> Any:
        """The designer's method, its errors named by stage and line."""
        with designers(template, self.name):
            return self.function(template)


class CadStage(Stage):
    """Plain CadQuery: runs in a killable child. The method takes the cadquery module."""

    def execute(self, template: Template) -> Solid:
        from engine.doors import cad

        built = self.in_child(template, cad.build)
        for name, value in built.told:
            template.run.note(name, value)
        return Solid(built.mesh, built.patches)

    def in_child(self, template: Template, errand: Callable[..., T], *, apart_from: Collection[str] = ()) -> T:
        """`errand(target, payload, deadline=, template=, stage=)` of the CAD door for this method, its errors named by stage and line.

        `apart_from`: the fast stage that this one is the truth of, then the stages that it ran. The method must not be built from
        their arrays: TemplateError, naming the fast stage.
        """
        import os

        from engine.doors import cad
        from engine.doors.child import RemoteError

        run, key = template.run, type(template).key
        payload = {**run.for_child(self.name), "apart_from": list(apart_from)}
        try:
            return errand(
                "engine.language.stages:run_cad",
                payload,
                deadline=run.cad_deadline,
                template=key,
                stage=self.name,
                own=(own_folder(type(template)),),
            )
        except ChildFault as fault:
            why = {"timeout": "TIMEOUT", "memory": "MEMORY", "exit": "EXIT", "crash": "CRASH", "lost": "LOST"}[fault.kind]
            file = fault.file and os.path.basename(fault.file)
            raise TemplateError(key, self.name, f"{why}: {fault}", line=fault.line, file=file) from fault
        except cad.CadInvalid as invalid:
            code = self.function.__code__
            name = os.path.basename(code.co_filename)
            raise TemplateError(
                key, self.name, invalid.why, message=invalid.message, line=code.co_firstlineno, file=name
            ) from None
        except RemoteError as error:
            where = error.frame
            file = where and os.path.basename(where.file)
            raise TemplateError(key, self.name, f"BUILDING: {error}", line=where and where.line, file=file) from error


class Fit(Step):
    """Measurements to parameters, numbers only: returns {parameter: value} for those that were not given."""


class Rule(Step):
    """Does it suit the person and the process? Returns a Relation, several, or None. Takes the process."""


def run_stage(stage: Stage, template: Template) -> Any:
    """The stage's result: of this very order, else remembered where a stored trace holds, else made now."""
    run = template.run
    kept = run.done.get(stage.name)
    if kept is None:
        memory = run.memory_of(stage)
        started = time.process_time()
        kept = memory.find(run.told)
        hit = kept is not None
        if kept is None:
            with run.tracing(stage.name) as tracer:
                body = isinstance(stage, CadStage)
                chart = from_chart(stage, template) if isinstance(stage, CadStage) else None
                if chart is None:
                    kept = memory.borrow(run.told, run.of_a_person)
                    hit = kept is not None
                if kept is None:
                    result = stage.execute(template) if chart is None else chart.solid
            trace = tracer.done()
            personal = run.of_a_person(trace.names)
            if chart is None:
                kept = kept or memory.keep(trace, result, personal=personal, body=body, beneath=tracer.artifacts)
            else:
                beneath = {**tracer.artifacts, f"{stage.name}{OF_CHART}": chart.sha256}
                kept = memory.hold(trace, result, chart.artifact, personal=personal, beneath=beneath)
        run.finished(stage.name, kept, 1000.0 * (time.process_time() - started), hit)
    return run.handed(stage.name, kept)


def run_cad(payload: Any, cq: Any) -> tuple[Tagged, list[tuple[str, object]]]:
    """In the child: the designer's @cad method on the order's values. -> what it drew, and what it read."""
    from engine.language.template import Run, template_from

    cls = template_from(payload["source"])
    return draw_cad(Run(cls, payload["values"], {}, payload["process"], home=None), payload, cq)


def draw_cad(run: Run, payload: Any, cq: Any) -> tuple[Tagged, list[tuple[str, object]]]:
    """The same, by a run that is there already."""
    cls = run.cls
    template = cls(run)
    stage: Stage = vars_of(cls)[payload["stage"]]
    with run.tracing(stage.name) as tracer, designers(template, stage.name, "BUILDING: "):
        drawn = stage.function(template, cq)
    _keep_apart(template, stage.name, payload.get("apart_from", ()))
    if not isinstance(drawn, Tagged):
        drawn = Tagged(drawn, {})
    trace = tracer.done()
    return drawn, list(zip(trace.names, trace.values, strict=True))


def _keep_apart(template: Template, truth: str, fast: Sequence[str]) -> None:
    """A truth that is built from what it should judge judges nothing: TemplateError, naming the fast stage (the first of `fast`).

    Both may read the same numbers. What gives it away is that the @cad method ran the fast stage, or a stage that the fast one ran
    too and that returned points.
    """
    done = template.run.done
    for name in fast:
        if name in done and (name == fast[0] or holds_points(done[name].result)):
            why = f"its truth {truth} is built from the arrays of {name}, so it cannot tell whether they are right"
            raise TemplateError(type(template).key, fast[0], why)


def holds_points(result: object) -> bool:
    """Whether a stage's result holds geometry as arrays of rows: meshes, outlines, tables of points."""
    if isinstance(result, np.ndarray):
        return result.ndim >= 2
    if isinstance(result, Mapping):
        return any(holds_points(v) for v in result.values())
    if isinstance(result, list | tuple | set | frozenset):
        return any(holds_points(v) for v in result)
    if is_dataclass(result) and not isinstance(result, type):
        return any(holds_points(getattr(result, f.name)) for f in fields(result))
    return False


def check_truth(key: str, stage: Stage, stages: Mapping[str, Stage]) -> None:
    """TemplateError, naming the stage, where its `truth` is no @cad stage of the same template, or either takes other arguments."""
    if stage.truth is None:
        return
    code = stage.function.__code__
    truth = stages.get(stage.truth)
    why = None
    if not isinstance(truth, CadStage):
        names = ", ".join(n for n, s in stages.items() if isinstance(s, CadStage)) or "none"
        why = f"truth={stage.truth!r} names no @cad stage; there are: {names}"
    elif not _takes(truth.function, 2):
        why = f"its truth {stage.truth} must take (self, cq) and nothing else"
    elif not _takes(stage.function, 1):
        why = "a stage with a truth must take self and nothing else"
    if why:
        file = code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        raise TemplateError(key, stage.name, why, line=code.co_firstlineno, file=file)


def _takes(function: Method, count: int) -> bool:
    """Whether it takes so many positional arguments and no other."""
    code = function.__code__
    return code.co_argcount == count and not code.co_kwonlyargcount and not code.co_flags & 0x0C


def vars_of(cls: type) -> dict[str, Any]:
    """All class attributes by name, bases first, each in the order of definition."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(vars(base))
    return found


class designers:
    """Round a designer's code: whatever it raises becomes a TemplateError with stage and line; ours stay what they are, and so does a
    lack of memory, of which the process is to die: what holds all of it may be kept.

    Without a cause: a traceback that is logged must not show the cause's text, which may quote a customer.
    """

    __slots__ = ("_prefix", "_step", "_template")

    def __init__(self, template: Template, step: str, prefix: str = "") -> None:
        self._template, self._step, self._prefix = template, step, prefix

    def __enter__(self) -> None:
        self._template.run.enter(self._step)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._template.run.leave()
        if isinstance(error, Exception) and not isinstance(error, UnikatError | MemoryError):
            raise blame(self._template, self._step, error, self._prefix) from None


def blame(template: Template, stage: str, error: BaseException, prefix: str = "") -> TemplateError:
    """A TemplateError that points at the deepest line of the designer's own package."""
    import os

    own = own_folder(type(template))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(own)]
    line = frames[-1].lineno if frames else None
    name = os.path.basename(frames[-1].filename) if frames else None
    why = f"{prefix}{type(error).__name__}"
    return TemplateError(type(template).key, stage, why, message=said(error), line=line, file=name)


def own_folder(cls: type) -> str:
    """How the paths of the template's own files begin: its package's folder, or the file that stands alone."""
    import os
    import sys

    module = sys.modules[cls.__module__]
    file = str(module.__file__)
    package = "." in module.__name__ or hasattr(module, "__path__")
    return os.path.join(os.path.dirname(file), "") if package else file


def said(error: BaseException) -> str:
    """The error's own words; a designer's __str__ may raise, too."""
    try:
        return str(error)
    except Exception as worse:  # noqa: BLE001
        return f"(its message cannot be read: {type(worse).__name__})"


@overload
def stage(function: Method) -> Stage: ...
@overload
def stage(*, truth: str) -> Callable[[Method], Stage]: ...
def stage(function: Method | None = None, *, truth: str | None = None) -> Stage | Callable[[Method], Stage]:
    """Declare a stage; the last one of a template is its product. `truth="front_cad"`: the @cad stage it stands for."""
    if function is not None:
        return Stage(function)
    return lambda f: Stage(f, truth)


def cad(function: Method) -> CadStage:
    """Declare a stage that is plain CadQuery: `def shell(self, cq)`."""
    return CadStage(function)


def fit(function: Method) -> Fit:
    """Declare how measurements become parameters."""
    return Fit(function)


def rule(function: Method) -> Rule:
    """Declare what must hold: `def floor(self, process): return at_least(...)`."""
    return Rule(function)


def import_blame(template: str, own: tuple[str, ...], error: Exception) -> TemplateError:
    """What importing a template raised, at the deepest line of the designer's `own` files (their paths begin so)."""
    if isinstance(error, SyntaxError) and error.filename:
        file = pathlib.Path(error.filename).name
        return TemplateError(template, "import", f"SyntaxError: {error.msg}", line=error.lineno, file=file)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(own)]
    line, file = (frames[-1].lineno, pathlib.Path(frames[-1].filename).name) if frames else (None, template)
    return TemplateError(template, "import", type(error).__name__, message=said(error), line=line, file=file)
