"""`unikat rebuild`: from a record to the same bytes, or to a list of what differs."""

from __future__ import annotations

import json
import pathlib
import sys

from engine.errands import rebuild_files, source_of
from engine.errors import OrderError
from engine.model.order import Order
from engine.reading.taking import found

STATUS = {"printable": 0, "refused": 1, "incomplete": 4}


def run(record: str, inputs: str | None, out: str | None, template: str | None, as_json: bool) -> int:
    """0 (4 while verdicts are incomplete): the same bytes. 1: it differs, and how."""
    from engine.rebuild import Difference, file_of, read_record
    from service.folder import put_product

    try:
        data = pathlib.Path(record).read_bytes()
    except OSError as error:
        raise OrderError("RECORD.json", f"cannot be read: {error.strerror}", value=record) from None
    told, order = read_record(data)
    needed = file_of(told)
    if template is None and needed is not None:
        limit = f"{needed[0]} of sha256 {needed[1]}"
        raise OrderError("--template", "is needed: the record was made from a designer's file", limit=limit)
    source = source_of(template) if template is not None else {"key": order.template}
    made = rebuild_files(source, data, _input_files(order, inputs, as_json))
    differ = [Difference(**row) for row in made["differences"]]
    if out is not None:
        put_product(made["files"], pathlib.Path(out))
    status = 1 if differ else STATUS[made["verdict"]]
    if as_json:
        print(json.dumps({"status": status, "same": not differ, "differences": made["differences"]}))
    elif differ:
        for difference in differ:
            print(difference, file=sys.stderr)
        print(f"{order.template}: {len(differ)} differences")
    else:
        print(f"{order.template}: the same bytes, {len(told['files'])} files ({made['verdict']})")
    return status


def _input_files(order: Order, folder: str | None, as_json: bool) -> dict[str, bytes]:
    """The order's input files by their sha256, found in `folder`. OrderError where any is missing; which ones is said, too."""
    needed = {told.sha256: name for name, told in order.inputs.items()}
    there = pathlib.Path(folder) if folder is not None else None
    if there is not None and not there.is_dir():
        raise OrderError("--inputs", "is no folder", value=folder)
    files = {} if there is None or not needed else found(there, needed)
    missing = {digest: name for digest, name in needed.items() if digest not in files}
    if not missing:
        return files
    if not as_json:
        for digest, name in missing.items():
            print(f"inputs.{name}: sha256 {digest}", file=sys.stderr)
    limit = ", ".join(missing)
    if there is None:
        raise OrderError("--inputs", "is needed: the order has input files", limit=limit)
    raise OrderError("--inputs", "lacks files of the order", value=folder, limit=limit)
