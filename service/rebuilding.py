"""`unikat rebuild`: from a record to the same bytes, or to a list of what differs."""

from __future__ import annotations

import json
import pathlib
import sys
from dataclasses import replace

from engine.errors import InputError, OrderError
from engine.language import shelf
from engine.model.order import Order

STATUS = {"printable": 0, "refused": 1, "incomplete": 4}


def run(record: str, inputs: str | None, out: str | None, as_json: bool) -> int:
    """0 (4 while verdicts are incomplete): the same bytes. 1: it differs, and how."""
    from engine.make import Workshop, make
    from engine.rebuild import differences, formats_of, read_record
    from service.folder import put_product

    try:
        data = pathlib.Path(record).read_bytes()
    except OSError as error:
        raise OrderError("RECORD.json", f"cannot be read: {error.strerror}", value=record) from None
    told, order = read_record(data)
    kept = told.get("verdict") == "refused" and bool(told.get("files"))
    product = make(
        _with_inputs(order, inputs),
        shelf.find(order.template),
        formats=formats_of(told),
        workshop=Workshop(),
        keep_refused=kept,
    )
    if "record.json" not in product.files:
        raise InputError("record", "its order is refused now: " + "; ".join(f.message for f in product.report.findings))
    found = differences(told, product)
    if out is not None:
        put_product(product.files, pathlib.Path(out))
    status = 1 if found else STATUS[product.report.verdict]
    if as_json:
        rows = [{"what": d.what, "recorded": d.recorded, "found": d.found} for d in found]
        print(json.dumps({"status": status, "same": not found, "differences": rows}))
    elif found:
        for difference in found:
            print(difference, file=sys.stderr)
        print(f"{order.template}: {len(found)} differences")
    else:
        print(f"{order.template}: the same bytes, {len(told['files'])} files ({product.report.verdict})")
    return status


def _with_inputs(order: Order, folder: str | None) -> Order:
    """The order with its input files found by their sha256 in `folder`."""
    if not order.inputs:
        return order
    if folder is None:
        raise OrderError("--inputs", "is needed: the order has input files", limit=", ".join(order.inputs))
    from engine.export.papers import sha256

    if not pathlib.Path(folder).is_dir():
        raise OrderError("--inputs", "is no folder", value=folder)
    by_hash = {sha256(p.read_bytes()): str(p) for p in sorted(pathlib.Path(folder).iterdir()) if p.is_file()}
    for name, told in order.inputs.items():
        if told.sha256 not in by_hash:
            raise OrderError(f"inputs.{name}", "is not in the folder", value=told.sha256, limit=folder)
    return replace(order, inputs={n: replace(i, file=by_hash[i.sha256]) for n, i in order.inputs.items()})
