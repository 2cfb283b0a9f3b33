"""The road of one order, walked by one function: check, fit, rules, build, settle, verify, estimate, export."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.equals import Equals, Judged
from engine.errors import OrderError, Refused, TemplateError
from engine.export import lens_files, oma, papers, sliced_ready
from engine.export.deviation import deviation_png
from engine.export.gcode import slice_product
from engine.export.glb import write as write_glb
from engine.export.identity import Identity, identity_of
from engine.export.kept import KeptSegments
from engine.export.stl import write as write_stl
from engine.export.threemf import write as write_3mf
from engine.export.thumbnail import thumbnail
from engine.export.worn import off_skin_png, worn_png
from engine.language.acceptance import accepted, compared, lenses, takes_lenses, worn
from engine.language.charted import OF_CHART
from engine.language.inputs import NO_FILES, Files, Inputs, check_there
from engine.language.judge import check_rules, fitted, run_fits
from engine.language.memory import Tracer
from engine.language.orders import accept
from engine.language.parameters import Words, in_language
from engine.language.shelf import code_hash
from engine.language.stages import designers
from engine.language.template import Home, Run, Template
from engine.language.values import Solid
from engine.model.mesh import Part, Settled
from engine.model.order import CheckRun, Finding, Order, Product, Report, Severity
from engine.model.places import cache_folder, charts_folder
from engine.model.process import Process
from engine.process.estimate import estimate
from engine.process.limits import load_process, machines_for
from engine.process.supports import support_figures
from engine.standing import standing
from engine.truth import step_files
from engine.verify.checks import verdict, verify
from engine.verify.delta import Certificates
from engine.verify.families import Families
from engine.verify.refit import Connectivities
from engine.verify.settle import Footings

LENSES = {"dxf": lens_files.dxf, "svg": lens_files.svg, "oma": oma.write}
"""Formats of the lenses that a product takes, and their writers."""
FORMATS = ("3mf", "stl", "glb", "png", "gcode", "step", "prusa", *LENSES)
DEFAULT_FORMATS = ("3mf", "stl", "glb", "png")


@dataclass
class Workshop:
    """What stays warm between orders of one process: bodies by their traces, what of them was already written as 3MF, and
    what of them was proven."""

    home: Home = field(default_factory=lambda: Home(cache_folder() / "bodies", charts_folder()))
    segments: KeptSegments = field(default_factory=KeptSegments)
    footings: Footings = field(default_factory=Footings)
    certificates: Certificates = field(default_factory=Certificates)
    connectivities: Connectivities = field(default_factory=Connectivities)
    families: Families = field(default_factory=lambda: Families(disk=cache_folder() / "proofs"))
    equals: Equals = field(default_factory=Equals)
    announce: Callable[[str], None] | None = None
    """In a child: says which of the designer's methods runs, so that its death can name it."""
    watch: Tracer | None = None
    """Notes all that an order reads, of rules and notes too: a sweep asks which parameters nobody reads."""


@dataclass
class _Clock:
    """CPU milliseconds of each step of the road."""

    spent: dict[str, float] = field(default_factory=dict)

    def step(self, name: str) -> _Step:
        return _Step(self.spent, name)


class _Step:
    """One of them, while it lasts; a step that comes again is added to."""

    __slots__ = ("_name", "_spent", "_started")

    def __init__(self, spent: dict[str, float], name: str) -> None:
        self._spent, self._name = spent, name

    def __enter__(self) -> None:
        self._started = time.process_time()

    def __exit__(self, *raised: object) -> None:
        before = self._spent.get(self._name, 0.0)
        self._spent[self._name] = round(before + 1000.0 * (time.process_time() - self._started), 3)


def make(
    order: Order,
    cls: type[Template],
    *,
    formats: Collection[str] = DEFAULT_FORMATS,
    workshop: Workshop | None = None,
    keep_refused: bool = False,
    equal: Hashable | None = None,
    inputs: Files = NO_FILES,
) -> Product:
    """One order to one product: files by name, report and record among them. A refused one has its report and no model.

    `equal`: a name that orders share which differ in nothing that is made; the workshop's last product of that name then serves,
    and this order has its own identity, exports and papers: byte for byte those that it would have alone, CPU times apart.
    `inputs`: the bytes of the files that the order names, by their sha256.
    OrderError: the order cannot be taken. TemplateError: a stage failed. A rule's refusal is no error: it is a report.
    """
    clock = _Clock()
    with clock.step("check"):
        _check_formats(formats, cls)
        process = load_process(order.process or cls.default_process, order.machine)
        sliced = [name for name in ("gcode", "prusa") if name in formats]
        if sliced and not process.sliced:
            raise OrderError(
                "formats", "only FDM processes are sliced", value=sliced[0], limit=f"{process.key} is {process.method}"
            )
    shop = workshop or Workshop()
    whole = "step" in formats  # STEP must know which stage made each part: nothing of another order serves it
    known = None if whole else shop.equals.find(equal, process)
    if known is None:
        with clock.step("check"):
            values, origins = accept(order, cls)
            check_there(order.inputs, inputs)
        home = Home(shop.home.disk, shop.home.charts, shop.home.elsewhere) if whole else shop.home
        code = code_hash(cls)
        handed = Inputs(inputs, shop.home.readings, code)
        run = Run(cls, values, origins, process.flat(), home=home, code_hash=code, inputs=handed)
        template = cls(run)
        judged = _judged(order, template, process, shop, clock)
        if not whole:
            shop.equals.keep(equal, judged)
    else:
        judged = known.of(order, clock.spent)
    product = judged.product
    if not product.parts:
        told = papers.report_json(product.report)
        return replace(product, files={"report.json": told}, hashes={"report.json": papers.sha256(told)})
    if product.report.verdict == "refused" and not keep_refused:
        return _with_papers(product, {}, cls, clock)
    files = _export(judged, cls, template if whole else None, formats, shop, clock)
    if known is not None:
        known.picture = judged.picture
    return _with_papers(product, files, cls, clock)


def _judged(order: Order, template: Template, process: Process, shop: Workshop, clock: _Clock) -> Judged:
    """The road up to the verdict: all that does not depend on whose order it is."""
    run, cls = template.run, type(template)
    run.announce = shop.announce
    if shop.watch is not None:
        run.tracers.append(shop.watch)
    try:
        with clock.step("fit"):
            run_fits(template)
        with clock.step("rules"):
            check_rules(template, process)
        with clock.step("build"):
            parts = _build(template)
    except Refused as refusal:
        return Judged(_refused(order, process, run, refusal, clock))
    with clock.step("settle"):
        settled = standing(parts, process, shop.footings)
    with clock.step("verify"):
        checks, findings, figures = verify(settled, process, shop.certificates, shop.connectivities, shop.families)
    with clock.step("acceptance"):
        misfits, measured = accepted(template, parts)
        against, taken, on_face = compared(template, parts), lenses(template, parts), worn(template, parts)
    if measured:
        checks = (*checks, CheckRun("fit", True, True, clock.spent.get("acceptance", 0.0)))
        findings, figures = (*findings, *misfits), {**figures, "fit": measured}
    with clock.step("estimate"):
        figures = {**figures, **support_figures(settled, process)}
        figures = {**figures, **estimate(figures, process, cls.family).figures()}
        plates = sliced_ready.plates(settled, process) if process.sliced else ()
        if len(plates) > 1:
            figures["plates"] = [[one.part.name for one in plate] for plate in plates]
    report = _report(template, settled, checks, findings, figures, clock)
    made = Product(order, process, run.values, run.origins, settled, report, cls.key, dict(run.artifacts), dict(run.fonts))
    return Judged(made, against, lenses=taken, worn=on_face)


def _check_formats(formats: Collection[str], cls: type[Template]) -> None:
    offered = FORMATS if takes_lenses(cls) else tuple(name for name in FORMATS if name not in LENSES)
    for name in formats:
        if name in LENSES and name not in offered:
            why = "is for lenses, and this product takes none"
            raise OrderError("formats", why, value=name, limit="one of " + ", ".join(offered))
        if name not in FORMATS:
            raise OrderError("formats", "is not known", value=name, limit="one of " + ", ".join(offered))


def _build(template: Template) -> Sequence[Part]:
    """The last stage's result as parts."""
    stage = type(template).product_stage_or_none()
    assert stage is not None
    made: object = getattr(template, stage.name)()
    parts: list[Part] = []
    for piece in made if isinstance(made, list | tuple) else [made]:
        if isinstance(piece, Solid):
            parts.append(piece.part(type(template).key))
        elif isinstance(piece, Part):
            parts.append(piece)
        else:
            why = f"must return a solid, a part, or several; it returned {type(piece).__name__}"
            raise TemplateError(type(template).key, stage.name, why)
    if not parts:
        raise TemplateError(type(template).key, stage.name, "returned no part")
    names = [p.name for p in parts]
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}", name) for name in names):
        raise TemplateError(type(template).key, stage.name, "part names are letters, digits, - and _: they name files")
    if len(set(names)) != len(names):
        raise TemplateError(type(template).key, stage.name, "names two parts alike")
    for part in parts:
        for name in sorted(part.bonded - (set(names) - {part.name})):
            raise TemplateError(type(template).key, stage.name, f"bonds {part.name} to {name!r}, which is no other part")
    return parts


def _report(
    template: Template,
    parts: Sequence[Settled],
    checks: tuple[CheckRun, ...],
    findings: tuple[Finding, ...],
    figures: Mapping[str, Any],
    clock: _Clock,
) -> Report:
    run = template.run
    charted = {name.removesuffix(OF_CHART) for name in run.artifacts if name.endswith(OF_CHART)}
    drawn = any(s.name in run.artifacts and s.name not in charted and not s.hit for s in run.stages)
    tier = "cad" if drawn else "chart" if charted else "kernel"
    stages = [{"name": s.name, "cpu_ms": s.cpu_ms, "hit": s.hit} for s in (*run.inputs.runs, *run.stages)]
    told = {**figures, "tier": tier, "stages": stages, **_of_run(run, clock)}
    poses = {p.part.name: p.pose.why for p in parts}
    notes = _notes(template)
    english, french = (tuple(in_language(n, language) for n in notes) for language in ("en", "fr"))
    return Report(verdict(checks, findings), checks, findings, {**told, "print_pose": poses}, english, french)


def _of_run(run: Run, clock: _Clock) -> dict[str, Any]:
    """What the steps cost, the child that read a person's files too; and what was fitted, where anything was."""
    if run.inputs.runs:
        clock.spent["inputs"] = round(sum(r.cpu_ms for r in run.inputs.runs), 3)
    found = fitted(run)
    return {"road_cpu_ms": clock.spent, **({"fitted": found} if found else {})}


def _notes(template: Template) -> tuple[Words, ...]:
    """What the template states; its errors are the designer's."""
    with designers(template, "notes"):
        told: object = template.notes()
        found = tuple(told) if isinstance(told, Iterable) else (told,)
    if isinstance(told, str) or not all(_sentence(note) for note in found):
        why = "must return a list of sentences, each in English or a pair of English and French"
        raise TemplateError(type(template).key, "notes", why)
    return found


def _sentence(note: object) -> bool:
    pair = note if isinstance(note, tuple) else (note, "")
    return len(pair) == 2 and all(isinstance(words, str) for words in pair)


def _refused(order: Order, process: Process, run: Run, refusal: Refused, clock: _Clock) -> Product:
    findings = tuple(
        Finding(
            "rule",
            Severity.ERROR,
            told.for_sender(),
            fix=None if told.nearest is None else str(told.nearest),
            message_fr=told.for_sender("fr"),
        )
        for told in (refusal, *refusal.also)
    )
    report = Report("refused", (), findings, _of_run(run, clock), ())
    return Product(order, process, run.values, run.origins, (), report, run.cls.key)


def _export(
    judged: Judged, cls: type[Template], template: Template | None, formats: Collection[str], shop: Workshop, clock: _Clock
) -> dict[str, bytes]:
    product = judged.product
    identity = identity_of(product.order, cls)
    files: dict[str, bytes] = {}
    if template is not None:  # STEP first: it alone may find that it cannot be
        with clock.step("step"):
            files.update(step_files(template, [p.part for p in product.parts], identity))
    if ("png" in formats or "3mf" in formats) and judged.picture is None:
        with clock.step("png"):
            judged.picture = thumbnail(product.parts)
    picture = judged.picture
    if "png" in formats and judged.compared:
        with clock.step("deviation"):
            files["deviation.png"] = deviation_png(judged.compared, title=cls.key, subtitle=product.order.reference or "")
    if "png" in formats and judged.worn is not None:
        told = product.order.reference or ""
        with clock.step("worn"):
            files["worn.png"] = worn_png(judged.worn, [p.part for p in product.parts], title=cls.key, subtitle=told)
            files["deviation.png"] = off_skin_png(judged.worn, title=cls.key, subtitle=told)
    if "3mf" in formats:
        with clock.step("3mf"):
            files["model.3mf"] = _model(product, identity, picture, shop)
    if "stl" in formats:
        with clock.step("stl"):
            several = len(product.parts) > 1
            for part in product.parts:
                files[f"model-{part.part.name}.stl" if several else "model.stl"] = write_stl(part)
    if "glb" in formats:
        with clock.step("glb"):
            files["preview.glb"] = write_glb(product.parts, identity)
    if "png" in formats and picture is not None:
        files["thumbnail.png"] = picture
    if judged.lenses is not None:
        for name in (name for name in LENSES if name in formats):
            with clock.step(name):
                files[f"lenses.{name}"] = LENSES[name](judged.lenses)
    if "prusa" in formats:
        with clock.step("prusa"):
            files["model.prusa.3mf"] = _project(product, identity, picture, shop)
    if "gcode" in formats:
        with clock.step("gcode"):
            files.update(_gcode(product, cls, identity, files, picture, shop))
    return files


def _gcode(
    product: Product, cls: type[Template], identity: Identity, files: Mapping[str, bytes], picture: bytes | None, shop: Workshop
) -> dict[str, bytes]:
    """`model.gcode`; where the bed takes the parts one after the other alone, a file for each plate, which holds what lies on it."""
    plates = sliced_ready.plates(product.parts, product.process)
    _must_lie(product, plates)
    if len(plates) == 1:
        project = sliced_ready.needs_project(product.parts)
        model = files.get("model.prusa.3mf" if project else "model.3mf")
        if model is None:
            model = (_project if project else _model)(product, identity, picture, shop)
        return {"model.gcode": slice_product(model, product.parts, product.process, product.report.figures, placed=True)}
    made = {}
    for at, parts in enumerate(plates, 1):
        _, _, figures = verify(parts, product.process)
        figures = {**figures, **support_figures(parts, product.process)}
        figures = {**figures, **estimate(figures, product.process, cls.family).figures()}
        plate = replace(product, parts=parts, report=replace(product.report, figures=figures))
        model = (_project if sliced_ready.needs_project(parts) else _model)(plate, identity, picture, shop)
        made[f"model-plate-{at}.gcode"] = slice_product(model, parts, product.process, figures, placed=True)
    return made


def _must_lie(product: Product, plates: Sequence[Sequence[Settled]]) -> None:
    """OrderError: a part is larger than the bed, with the machine that takes it; or they fill too many beds."""
    process = product.process
    if not all(sliced_ready.lie_together(parts, process) for parts in plates):
        others = [load_process(process.key, key) for key in machines_for(process.key) if key != process.machine.key]
        parts = [settled.part for settled in product.parts]
        larger = [o.machine.key for o in others if sliced_ready.lie_together(standing(parts, o, Footings()), o)]
        bed = f"a bed of {process.machine.size[0]:g} x {process.machine.size[1]:g} mm"
        raise OrderError(
            "formats", "a part does not lie on this bed", value="gcode", limit=bed, nearest=larger[0] if larger else None
        )
    if len(plates) > sliced_ready.MOST_PLATES:
        raise OrderError("formats", "its parts fill more beds than are sliced", value="gcode", limit=sliced_ready.MOST_PLATES)


def _model(product: Product, identity: Identity, picture: bytes | None, shop: Workshop) -> bytes:
    """The 3MF, with the slicer's settings where the process is sliced."""
    settings = sliced_ready.settings_files(product.process, product.parts, product.report.figures.get("supported_area_mm2"))
    moves = sliced_ready.positions(product.parts, product.process) if settings else None
    return write_3mf(product.parts, identity, thumbnail=picture, extra=settings, moves=moves, cache=shop.segments)


def _project(product: Product, identity: Identity, picture: bytes | None, shop: Workshop) -> bytes:
    """The 3MF that PrusaSlicer alone reads as meant: bonded parts are volumes of one object, with a tool each, modifiers too."""
    objects = sliced_ready.project_objects(product.parts)
    settings = sliced_ready.project_files(product.process, product.parts)
    moves = sliced_ready.positions(sliced_ready.objects(product.parts), product.process)
    return write_3mf(objects, identity, thumbnail=picture, extra=settings, moves=moves, cache=shop.segments)


def _with_papers(product: Product, files: dict[str, bytes], cls: type[Template], clock: _Clock) -> Product:
    with clock.step("papers"):
        hashes = {name: papers.sha256(data) for name, data in sorted(files.items())}
        record = papers.record_json(product, cls, code_hash(cls), hashes)
        told = {"report.json": papers.report_json(product.report), "record.json": record}
        hashes |= {name: papers.sha256(data) for name, data in told.items()}
    return replace(product, files={**files, **told}, hashes=hashes)
