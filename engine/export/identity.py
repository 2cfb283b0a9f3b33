"""What identifies a product inside its files: names, part number, UUID, template, licence. Never a clock."""

from __future__ import annotations

import functools
import hashlib
import inspect
from dataclasses import dataclass
from importlib import metadata
from uuid import NAMESPACE_URL, UUID, uuid5

from engine.export.papers import canonical
from engine.language.template import Template
from engine.model.order import Order

ORDERS = uuid5(NAMESPACE_URL, "urn:unikat:order")
"""The namespace of all our UUIDs."""


def order_uuid(canonical: bytes, kind: str = "product") -> UUID:
    """The UUID (version 5) of what was ordered: same canonical order bytes and `kind` (which file, which serial), same UUID."""
    return uuid5(ORDERS, f"{kind}:{hashlib.sha256(canonical).hexdigest()}")


@dataclass(frozen=True)
class Identity:
    """The words that every writer carries. Empty ones are left out. `uuid`: from `order_uuid`.

    `title`: what a person reads in the slicer's list; it holds the customer's own words only if the caller puts them there.
    `application`: the program and its version. `template`, `version`: which template made it.
    """

    title: str
    uuid: UUID
    application: str
    designer: str = ""
    description: str = ""
    licence: str = ""
    part_number: str = ""
    reference: str = ""
    template: str = ""
    version: int | None = None

    def child(self, what: str) -> UUID:
        """The UUID of one thing inside the file: the build, an object, an item."""
        return uuid5(self.uuid, what)


@functools.cache
def application() -> str:
    """`unikat 0.1.0`: the program and its installed version."""
    return f"unikat {metadata.version('unikat')}"


@functools.lru_cache(maxsize=256)
def _first_line(told: str) -> str:
    return inspect.cleandoc(told).partition("\n")[0]


def identity_of(order: Order, cls: type[Template]) -> Identity:
    """The identity of an ordered product.

    Of the order it tells the reference and a hash alone: names, parameters and measures never enter a file that a shop passes
    on. The part number is the template, its version and eight digits of the UUID.
    """
    made = order_uuid(canonical(order))
    return Identity(
        title=cls.key.replace("-", " ").capitalize(),
        uuid=made,
        application=application(),
        designer=cls.designer,
        description=_first_line(cls.__doc__ or ""),
        licence=cls.licence,
        part_number=f"{cls.key}-{cls.version}-{made.hex[:8]}",
        reference=order.reference or "",
        template=cls.key,
        version=cls.version,
    )
