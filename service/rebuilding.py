"""`unikat rebuild`: from a record to the same bytes, or to a list of what differs."""

from __future__ import annotations

import json
import pathlib
import sys

from engine.errands import rebuild_files, source_of
from engine.errors import OrderError
from engine.model.order import Order

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
    made = rebuild_files(source, data, _input_files(order, inputs))
    found = [Difference(**row) for row in made["differences"]]
    if out is not None:
        put_product(made["files"], pathlib.Path(out))
    status = 1 if found else STATUS[made["verdict"]]
    if as_json:
        print(json.dumps({"status": status, "same": not found, "differences": made["differences"]}))
    elif found:
        for difference in found:
            print(difference, file=sys.stderr)
        print(f"{order.template}: {len(found)} differences")
    else:
        print(f"{order.template}: the same bytes, {len(told['files'])} files ({made['verdict']})")
    return status


def _input_files(order: Order, folder: str | None) -> dict[str, str]:
    """name -> path of the order's input files, found by their sha256 in `folder`."""
    if not order.inputs:
        return {}
    if folder is None:
        raise OrderError("--inputs", "is needed: the order has input files", limit=", ".join(order.inputs))
    from engine.export.papers import sha256

    if not pathlib.Path(folder).is_dir():
        raise OrderError("--inputs", "is no folder", value=folder)
    by_hash = {sha256(p.read_bytes()): str(p.absolute()) for p in sorted(pathlib.Path(folder).iterdir()) if p.is_file()}
    for name, told in order.inputs.items():
        if told.sha256 not in by_hash:
            raise OrderError(f"inputs.{name}", "is not in the folder", value=told.sha256, limit=folder)
    return {name: by_hash[told.sha256] for name, told in order.inputs.items()}
