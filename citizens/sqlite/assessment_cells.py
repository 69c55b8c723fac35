"""First assessments and their postings as payloads, whole columns at a time.

The bytes are those that `codec` writes of the drafts that the columns stand for. Ids must be plain: they are written
into JSON as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from citizens.assessments import Common, FirstAssessments, PostingsOf, UsedOf
from citizens.ledger import accounts_of
from citizens.points import Ints
from citizens.sqlite.cells import json_texts
from citizens.stored_values import day_number

_PLAIN_IDS = "^[-0-9A-Za-z_.]{1,200}$"


def are_plain(ids: Any) -> bool:
    """Whether an Arrow array of ids holds plain letters only, as `check_new_subjects` and JSON take without a look."""
    plain: Any = pc.all(pc.match_substring_regex(ids, _PLAIN_IDS)).as_py()
    erased: Any = pc.any(pc.starts_with(ids, "erased-")).as_py()
    return plain is not False and not erased


def assessment_payloads(of: FirstAssessments) -> Any:
    """The payload of each assessment, as an Arrow array of texts."""
    common = of.common
    stated = f"{_json(common.period)},{day_number(common.valid_on)},{_json(common.program)},{common.read_to}"
    figures = [_digits(column) for column in np.ascontiguousarray(of.figures.T)]
    texts = (
        pa.scalar("["), json_texts(of.event_ids), pa.scalar(f",{stated},{_json(common.shape)},["),
        pc.binary_join_element_wise(*figures, ","), pa.scalar("],["), _used(of.used), pa.scalar("],null]"),
    )  # fmt: skip
    return pc.binary_join_element_wise(*texts, "")


def _used(of: Sequence[UsedOf]) -> Any:
    """The facts that each assessment used, as pairs of a number and names."""
    columns = [_used_of(each) for each in of]
    return pc.binary_join_element_wise(*columns, ",", null_handling="skip")


def _used_of(used: UsedOf) -> Any:
    """The pairs of one entity, null where an assessment used nobody's facts."""
    ends = pa.array([f",{_json(names)}]" for names in used.attributes.dictionary.to_pylist()], pa.string())
    pairs = pc.binary_join_element_wise(
        pa.scalar("["), _digits(used.subjects.numbers), ends.take(used.attributes.indices), ""
    )
    if (used.counts == 1).all():
        return pairs
    places: Any = pa.array(np.concatenate([[0], np.cumsum(used.counts)]), pa.int32())
    lists: Any = pa.ListArray.from_arrays(places, pairs)
    return pc.if_else(pa.array(used.counts > 0), pc.binary_join(lists, ","), pa.scalar(None, pa.string()))


def posting_payloads(of: PostingsOf, common: Common, lines: Ints, causes: Any, event_ids: Any) -> tuple[Any, Any]:
    """Postings of some lines in two parts (`for_the_books`), as Arrow arrays of texts: what stays in the books,
    and the texts. `causes` are the event ids of the assessments, `event_ids` the postings' own."""
    debit, credit = (_json(account.value) for account in accounts_of(of.movement))
    head = f"[{_json(of.movement.value)},{_json(common.period)},{_json(common.currency)},[[{debit},"
    tail = f",{common.places}]],{_json(of.account)}]"
    amounts = of.amounts[lines]
    middle = pa.scalar(f",{common.places}],[{credit},")
    books = (pa.scalar(head), _digits(amounts), middle, _digits(-amounts), pa.scalar(tail))
    texts = (pa.scalar("["), json_texts(event_ids), pa.scalar(","), json_texts(causes), pa.scalar("]"))
    return pc.binary_join_element_wise(*books, ""), pc.binary_join_element_wise(*texts, "")


def _digits(numbers: Ints) -> Any:
    return pa.array(numbers).cast(pa.string())


def _json(text: str) -> str:
    return encode_basestring(text)
