"""One order at a time, in this process or in a child: templates of ours run here, a designer's run where they may be killed."""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import ChildFault, InputError, OrderError, TemplateError
from engine.language import shelf
from engine.language.inputs import Files
from engine.language.orders import with_files, with_words
from engine.language.parameters import closest
from engine.language.template import Template, load_file
from engine.model.order import Order
from engine.reading.taking import taken

Source = Mapping[str, str]
"""{"key": an installed template} or {"file": a designer's Python file}."""

OUTSIDE_DEADLINE = 300.0
"""Seconds that a designer's template may take for one order, its CadQuery included."""
OUTSIDE_MEMORY_MB = 4000
PRELOAD = ("engine.make",)
"""What the child that runs designers' templates has imported."""
_known: dict[tuple[str, ...], str] = {}
"""The state of each designer's files when the child that runs now was first given them."""
_renewing = threading.Lock()


def source_of(key_or_file: str) -> Source:
    """What the command line was given: a file that ends in .py, or a key."""
    if not key_or_file.endswith(".py"):
        return {"key": key_or_file}
    if not pathlib.Path(key_or_file).is_file():
        near = closest(key_or_file, shelf.installed())
        raise OrderError("template", "there is no such file", value=key_or_file, nearest=near)
    return {"file": str(pathlib.Path(key_or_file).resolve())}


def make_files(
    source: Source, order: Order, words: Sequence[str], formats: Sequence[str], keep_refused: bool
) -> dict[str, Any]:
    """{"verdict", "files": name -> bytes, "template", "findings": lines}. Errors as engine.make.make raises them.

    Files that order and words name by path are read here; a path that is not absolute begins where this process stands.
    """
    order, rest = with_files(order, words)
    order, files = taken(order)
    return _run(source, "make_here", order, rest, list(formats), keep_refused, files)  # type: ignore[no-any-return]


def rebuild_files(source: Source, record: bytes, files: Files) -> dict[str, Any]:
    """{"verdict", "files", "template", "differences": engine.rebuild.Difference as dicts}. `files`: the order's, by their sha256.

    InputError: it is no record, or its order is refused now. Errors as engine.make.make raises them.
    """
    return _run(source, "rebuild_here", record, dict(files))  # type: ignore[no-any-return]


def schema(source: Source, language: str) -> dict[str, Any]:
    """The JSON Schema of a template, ours or a designer's."""
    return _run(source, "schema_here", language)  # type: ignore[no-any-return]


def _run(source: Source, errand: str, *args: Any) -> Any:
    if "key" in source and (shelf.ours(source["key"]) or source["key"] not in shelf.installed()):
        return globals()[errand](dict(source), *args)
    try:
        return _told_by(source, errand, args)
    except TemplateError as error:
        error.outside = True
        raise


def _told_by(source: Source, errand: str, args: tuple[Any, ...]) -> Any:
    """The errand in a child."""
    from engine.doors import child

    worker = child.shared(PRELOAD, memory_mb=OUTSIDE_MEMORY_MB)
    own = own_files(source)
    with _renewing:
        state = _state(own)
        if _known.setdefault(own, state) != state:  # a warm child keeps the modules that it has imported
            worker.renew()
            _known.clear()
            _known[own] = state
    with blamed(source):
        return worker.call(f"engine.errands:{errand}", dict(source), *args, deadline=OUTSIDE_DEADLINE, own=own)


@contextlib.contextmanager
def blamed(source: Source) -> Iterator[None]:
    """Round a call of a child that runs a template: its death, or an error on a designer's line, becomes a TemplateError."""
    from engine.doors import child

    try:
        yield
    except ChildFault as fault:
        name = pathlib.Path(source.get("file", source.get("key", "template"))).name
        why = f"{fault.kind.upper()}: {fault}"
        raise TemplateError(
            name, fault.stage or "import", why, line=fault.line, file=pathlib.Path(fault.file or name).name
        ) from None
    except child.RemoteError as error:
        if error.frame is None:
            raise  # none of the designer's lines had a part in it: ours
        name = pathlib.Path(error.frame.file).name
        raise TemplateError(
            name, error.frame.function, error.type_name, message=error.message, line=error.frame.line, file=name
        ) from None


def own_files(source: Source) -> tuple[str, ...]:
    """How the paths of the template's own files begin."""
    return (source["file"],) if "file" in source else shelf.home(source["key"])


def _state(own: tuple[str, ...]) -> str:
    """Hash of the designer's files as they are now: a file with the tables beside it, or a package."""
    digest = hashlib.sha256()
    for start in map(pathlib.Path, own):
        files = start.rglob("*") if start.is_dir() else [start, *start.parent.glob("*.csv"), *start.parent.glob("data/*.csv")]
        for path in sorted(files):
            if path.suffix in (".py", ".csv", ".toml") and path.is_file():
                data = path.read_bytes()
                digest.update(f"{path}\0{len(data)}\0".encode(errors="surrogateescape") + data)
    return digest.hexdigest()


def template_of(source: Source) -> type[Template]:
    """In the process that may run the template: its class."""
    return load_file(pathlib.Path(source["file"])) if "file" in source else shelf.find(source["key"])


def schema_here(source: Source, language: str) -> dict[str, Any]:
    """In the process that may run the template: its schema."""
    return template_of(source).schema(language)


def make_here(
    source: Source, order: Order, words: list[str], formats: list[str], keep_refused: bool, files: Files
) -> dict[str, Any]:
    """In the process that may run the template: the whole road."""
    from engine.doors.child_server import progress
    from engine.make import Workshop, make

    cls = _template_for(source, order)
    whole = replace(with_words(order, words, cls), template=cls.key)
    shop = Workshop(announce=progress)
    product = make(whole, cls, formats=formats, workshop=shop, keep_refused=keep_refused, inputs=files)
    found = [f"{f.severity} {f.code}: {f.message}" for f in product.report.findings]
    return {"verdict": product.report.verdict, "files": dict(product.files), "template": cls.key, "findings": found}


def rebuild_here(source: Source, record: bytes, files: Files) -> dict[str, Any]:
    """In the process that may run the template: the order of a record once more, and what differs."""
    from engine.doors.child_server import progress
    from engine.make import Workshop, make
    from engine.rebuild import differences, formats_of, read_record

    told, order = read_record(record)
    cls = _template_for(source, order)
    kept = told.get("verdict") == "refused" and bool(told.get("files"))
    shop = Workshop(announce=progress)
    product = make(order, cls, formats=formats_of(told), workshop=shop, keep_refused=kept, inputs=files)
    if "record.json" not in product.files:
        why = "; ".join(f.message for f in product.report.findings)
        raise InputError("record", "its order is refused now", message=why)
    rows = [{"what": d.what, "recorded": d.recorded, "found": d.found} for d in differences(told, product)]
    return {"verdict": product.report.verdict, "files": dict(product.files), "template": cls.key, "differences": rows}


def _template_for(source: Source, order: Order) -> type[Template]:
    cls = template_of(source)
    if order.template not in ("", cls.key):
        raise OrderError("template", "the order is for another template", value=order.template, limit=cls.key, nearest=cls.key)
    return cls
