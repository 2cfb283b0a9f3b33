"""The `unikat` command. Thin: each command gathers what was asked, hands it to the engine, and turns the end into a status.

0 made, and printable; 1 honestly refused; 2 unusable input; 3 our own fault; 4 incomplete. With --json one object on stdout
and nothing else there. Nothing heavy is imported before a command needs it: `unikat --help` stays quick.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

from service import cli_service, tongue
from service.words import Group, Spoken, argument, option, understood

if TYPE_CHECKING:
    from engine.model.order import Order

app = Group(
    "unikat",
    "One Python template in, a unique, verified, printable product a customer out.",
    [("--lang en|fr", "Of what is printed for people; otherwise as LC_ALL or LANG say.")],
)

STATUS = {"printable": 0, "refused": 1, "incomplete": 4}
WORST_FIRST = (3, 2, 4, 1, 0)

SELDOM = (100_000, 50, 100)
"""What a start imports stays; looking through it again and again for garbage would be a tenth of it."""

KeyOrFile = Annotated[str, argument("KEY_OR_FILE.py", "A template's key, or a file of your own.")]
Out = Annotated[str, option("--out", help="Folder for the files.")]
Json = Annotated[bool, option("--json", help="One JSON object on stdout, nothing else.")]
ProcessKey = Annotated[str | None, option("--process", help="See `unikat processes`.")]


def main(arguments: list[str] | None = None) -> None:
    """The console script: run a command, and end with its status."""
    ours = arguments is None  # the process, too
    if ours:
        gc.set_threshold(*SELDOM)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that nothing here uses are started when numpy is imported
    words = list(sys.argv[1:] if arguments is None else arguments)
    words = tongue.moved(words)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a lone surrogate in a message is no crash
    status = _status(words)
    if ours:
        gc.freeze()  # it ends: no last look either
    raise SystemExit(status)


def _status(words: list[str]) -> int:
    try:
        asked, spoken = _language(words)
        ended = understood(app, asked or ["--help"], spoken)()
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be told
    except KeyboardInterrupt:
        return _complain(130, {"message": "stopped"}, words)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the outermost line of defence: whatever it is becomes one line and a status
        if os.environ.get("UNIKAT_DEBUG"):
            raise
        return _complain(*_told(error), words)
    return ended


def _told(error: Exception) -> tuple[int, dict[str, Any]]:
    from engine import errors

    if isinstance(error, errors.OrderError):
        names = ("field", "value", "limit", "nearest", "rule")
        told = {n: getattr(error, n) for n in names if getattr(error, n) is not None}
        both = {"message": error.for_sender(), "message_fr": error.for_sender("fr")}
        return (1 if isinstance(error, errors.Refused) else 2), {**both, **told}
    if isinstance(error, errors.TemplateError):
        told = {"stage": error.stage, "line": error.line, "file": error.file}
        return (2 if error.outside or error.template.endswith(".py") else 3), {"message": error.for_sender(), **told}
    if isinstance(error, errors.InputError):
        return 2, {"message": error.for_sender(), "message_fr": error.for_sender("fr")}
    if isinstance(error, errors.UnikatError):
        return 3, {"message": error.for_sender()}
    return 3, {"message": f"internal fault: {type(error).__name__} (set UNIKAT_DEBUG=1 to see where)"}


def _complain(status: int, told: dict[str, Any], words: list[str]) -> int:
    if "--json" in words:
        import json

        try:
            line = json.dumps({"status": status, "error": told}, default=str, allow_nan=False)
        except ValueError:  # a value that the order gave as NaN or 1e400: JSON has no word for it
            line = json.dumps({"status": status, "error": {n: str(v) for n, v in told.items()}})
        print(line)
    else:
        line = "".join(
            c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in _worded(told, words)
        )
        print(f"unikat: {line}", file=sys.stderr)
    return status


def _worded(told: dict[str, Any], words: list[str]) -> str:
    """What is printed for a person: in the language that she asked for, or that of her terminal."""
    return str(told.get("message_fr", told["message"]) if tongue.spoken(words) == "fr" else told["message"])


def _language(words: list[str]) -> tuple[list[str], str]:
    """The words of the command alone, and the language that it runs in."""
    if words[:1] != ["--lang"]:
        return words, tongue.spoken([])
    lang = words[1] if len(words) > 1 else None
    if lang not in tongue.LANGUAGES:
        from engine.errors import OrderError

        raise OrderError("--lang", "is not offered", value=lang, limit="en or fr", nearest="en")
    return words[2:], lang


def say(line: str) -> None:
    """Progress: to stderr, and only to a terminal."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


@app.command()
def demo(out: Out = "out/demo", as_json: Json = False) -> int:
    """One real product of each template, verified, exported, with a contact sheet."""
    from service.demo import run

    return run(out, as_json)


@app.command()
def templates(
    spoken: Spoken,
    key: Annotated[str | None, argument("KEY", "One of them.")] = None,
    schema: Annotated[bool, option("--schema", help="The JSON Schema of its orders.")] = False,
    language: Annotated[str | None, option("--language", help="en or fr; of a schema: en unless said.")] = None,
) -> int:
    """What there is; the fields of one, or their JSON Schema."""
    from service import listings

    # a schema is data: the terminal has no say in it
    listings.templates(key, schema, language or ("en" if schema else spoken))
    return 0


@app.command()
def make(
    spoken: Spoken,
    template: KeyOrFile,
    set_: Annotated[
        list[str] | None,
        option("--set", metavar="FIELD=VALUE", help="A parameter, or inputs.NAME=FILE; again and again."),
    ] = None,
    order: Annotated[str | None, option("--order", metavar="ORDER.json", help="An order; - reads it from stdin.")] = None,
    process: ProcessKey = None,
    machine: Annotated[str | None, option("--machine", help="A machine of that process.")] = None,
    out: Out = "out",
    formats: Annotated[str, option("--formats", help="3mf,stl,glb,png,gcode,step,prusa,dxf,svg,oma")] = "3mf,stl,glb,png",
    keep_refused: Annotated[bool, option("--keep-refused", help="Write the files of a refused product too.")] = False,
    as_json: Json = False,
) -> int:
    """One product: model.3mf, model.stl, preview.glb, thumbnail.png, report.json, record.json."""
    import pathlib

    from engine.errands import make_files, source_of
    from service.folder import put_product

    source = source_of(template)
    wanted = [f.strip() for f in formats.split(",") if f.strip()]
    made = make_files(source, _order(order, process, machine), set_ or [], wanted, keep_refused)
    folder = pathlib.Path(out)
    places = put_product(made["files"], folder)
    status = STATUS[made["verdict"]]
    if as_json:
        import json

        report = json.loads(made["files"]["report.json"])
        names = [p.name for p in places]
        told = {
            "status": status,
            "template": made["template"],
            "verdict": made["verdict"],
            "out": out,
            "files": names,
            "report": report,
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        for line in tongue.findings(made["files"]["report.json"], spoken):
            print(line, file=sys.stderr)
        print(tongue.made(made["template"], made["verdict"], [p.name for p in places], str(folder), spoken))
    return status


def _order(path: str | None, process: str | None, machine: str | None) -> Order:
    """The order of that file; a path in it begins in the file's folder, of one from stdin where this process stands."""
    import pathlib
    from dataclasses import replace

    from engine.errors import OrderError
    from engine.language.orders import MAX_ORDER_BYTES, parse_order
    from engine.model.order import Order

    if path is None:
        return Order("", process=process, machine=machine)
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_ORDER_BYTES + 1)
        else:
            with pathlib.Path(path).open("rb") as file:
                data = file.read(MAX_ORDER_BYTES + 1)
    except OSError as error:
        raise OrderError("--order", f"cannot be read: {error.strerror}", value=path) from None
    told = parse_order(data)
    beside = pathlib.Path(path).parent if path != "-" else pathlib.Path()
    inputs = {n: replace(i, file=i.file and os.fspath(beside / i.file)) for n, i in told.inputs.items()}
    return replace(told, process=process or told.process, machine=machine or told.machine, inputs=inputs)


@app.command()
def check(
    spoken: Spoken,
    template: KeyOrFile,
    process: ProcessKey = None,
    points: Annotated[int, option("--points", low=0, help="Sobol points over all parameters.")] = 64,
    seed: Annotated[int, option("--seed", help="Other points; the same seed tries the same orders.")] = 0,
    time: Annotated[str | None, option("--time", metavar="60s", help="Begin no order after that: 90s, 5m.")] = None,
    jobs: Annotated[int, option("--jobs", low=1, high=64, help="Children at work, one a core.")] = 2,
    strict: Annotated[bool, option("--strict", help="What is only suspicious fails it, too.")] = False,
    out: Annotated[str, option("--out", help="Folder for failing orders and a sheet of samples.")] = "out/check",
    as_json: Json = False,
) -> int:
    """Tries a template over all that may be chosen: made, refused, failed, and the smallest order that fails."""
    from service.checking import run, seconds_of

    return run(template, process, points, seed, seconds_of(time), jobs, strict, out, as_json, spoken)


@app.command("compile")
def compile_(
    template: Annotated[str | None, argument("[KEY_OR_FILE.py]", "A template's key, or a file of your own.")] = None,
    stage: Annotated[str | None, option("--stage", help="One @cad stage alone.")] = None,
    every: Annotated[bool, option("--all", help="Every installed template.")] = False,
    sets: Annotated[
        list[str] | None,
        option("--set", metavar="FIELD=VALUE", help="Hold a parameter (or process) to it; may be repeated."),
    ] = None,
    defaults: Annotated[bool, option("--defaults", help="Only the structure that the default order has.")] = False,
    structures: Annotated[int | None, option("--structures", low=1, help="So many, the commonest first.")] = None,
    scout: Annotated[int, option("--scout", low=1, help="Orders that are looked through for structures.")] = 4000,
    certify: Annotated[int, option("--certify", low=0, help="Fresh bodies that each chart is compared with.")] = 3,
    seed: Annotated[int, option("--seed", help="Other orders; the same seed makes the same charts.")] = 0,
    time: Annotated[str | None, option("--time", metavar="60s", help="Begin no structure after that: 90s, 5m.")] = None,
    jobs: Annotated[int, option("--jobs", low=1, high=64, help="Children at work, one a core.")] = 2,
    out: Annotated[
        str | None, option("--out", help="Folder for the charts; by default the cache, where make finds them.")
    ] = None,
    stock: Annotated[bool, option("--stock", help="Anew what our own packages bring: what is committed.")] = False,
    as_json: Json = False,
) -> int:
    """Charts of the @cad stages: bodies in a fraction of a millisecond, each certified against CAD. Goes on where it was stopped."""
    from engine.compiling.compile import Wanted
    from service.checking import seconds_of
    from service.compiling import run

    seconds = None if time is None else seconds_of(time)
    if stock:
        from service.stock import run as run_stock

        return run_stock(template is not None or every, jobs, as_json)
    wanted = Wanted({}, scout, seed, structures, seconds, certify, defaults)
    return run(template, stage, every, sets or [], wanted, jobs, out, as_json)


@app.command()
def verify(
    files: Annotated[list[str], argument("FILE...", "STL, 3MF, PLY, OBJ or OFF.")],
    unit: Annotated[str | None, option("--unit", help="Of files that say none (all but 3MF): mm, cm, m, in.")] = None,
    process: ProcessKey = None,
    picture: Annotated[
        str | None, option("--picture", metavar="PNG", help="Draw what was read, bad places red and ringed.")
    ] = None,
    faces: Annotated[str | None, option("--faces", metavar="PLY", help="The offending faces, as a mesh of their own.")] = None,
    as_json: Json = False,
) -> int:
    """The verdict on any mesh file, ours or not."""
    from service.verifying import run

    return run(files, unit, process, picture, as_json, faces)


@app.command()
def rebuild(
    record: Annotated[str, argument("RECORD.json")],
    inputs: Annotated[str | None, option("--inputs", help="Folder with the order's input files, by sha256.")] = None,
    out: Annotated[str | None, option("--out", help="Folder for the files that are made again.")] = None,
    template: Annotated[
        str | None, option("--template", metavar="FILE.py", help="The designer's file that it was made from.")
    ] = None,
    as_json: Json = False,
) -> int:
    """The same bytes again, or exactly what differs."""
    from service.rebuilding import run

    return run(record, inputs, out, template, as_json)


@app.command()
def fonts(as_json: Json = False) -> int:
    """Which fonts there are, which scripts they cover, and what to install for the rest."""
    from service import listings

    listings.fonts(as_json)
    return 0


@app.command()
def processes(
    key: Annotated[str | None, argument("KEY", "One of them: all its figures, with their sources.")] = None,
    as_json: Json = False,
) -> int:
    """Processes and machines, their limits and where each figure comes from."""
    from service import listings

    listings.processes(key, as_json)
    return 0


@app.command()
def warm(
    jobs: Annotated[int | None, option("--jobs", low=1, high=64, help="Children that compile; by default one a core.")] = None,
) -> int:
    """Compile all kernels ahead, so that the first order does not wait for them."""
    from service.serve import cores
    from service.warming import run

    return run(jobs or cores())


@app.command()
def doctor(
    data: Annotated[str | None, option("--data", metavar="DIR", help="A service's folder: its health instead.")] = None,
    master_key: cli_service.KeyFile = None,
    every: Annotated[bool, option("--all", help="Open every job and file of the folder, not a sample.")] = False,
    as_json: Json = False,
) -> int:
    """The health of this installation, or of a service's folder: what is there, what is missing, what to do."""
    from service.health import run

    return run(as_json, data, master_key, every)


cli_service.register(app)


if __name__ == "__main__":
    main()
