"""The words that a shop prints on nothing. A refusal names the word, so that its customer can be told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.callers import Orders, Owner, TheDesk, TheHouse
from service.store import keys

router = APIRouter(prefix="/v1/refused-words", tags=["shop"])
Word = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]


class WordsBody(BaseModel):
    """The list, whole."""

    model_config = ConfigDict(extra="forbid", strict=True)

    words: Annotated[list[Word], Field(max_length=1000)]


@router.get("", response_model=WordsBody)
def read(key: Orders, house: TheHouse) -> WordsBody:
    """Your list. Words are compared without case, accents and width, as whole words."""
    with house.database.read() as conn:
        return WordsBody(words=keys.refused_words(conn, key.tenant))


@router.put("", response_model=WordsBody)
def replace(body: WordsBody, key: Owner, desk: TheDesk) -> WordsBody:
    """Another list instead. Orders that wait already are not looked at again."""
    with desk.house.database.write() as conn:
        keys.refuse_words(conn, key.tenant, body.words)
    desk.known.clear()
    return body
