"""The phone case: a snug case for any phone of phones.csv, with a name on its back."""

from templates.phone_case.case import PhoneCase

__all__ = ["PhoneCase"]
