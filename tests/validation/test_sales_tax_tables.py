"""The optional sales tax tables against other readings of the same instructions of the IRS (DIFFERENCES.md says whose).

1. A digest is the SHA-256, in hexadecimal, of compact JSON with sorted keys: by a State's postal code (or a local
   table's letter) a list for each row of income, each with the amounts for the six family sizes.
2. That of the headings has by State the numbers of its footnotes and its rate: footnote 1 sends to the ratio of rates,
   2 to the local tables, 4 says that there is no local tax; the others are remarks.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from fractions import Fraction
from functools import cache

import pytest

from api.rules import programs
from engine.ir.program import Program

CODES = dict(
    pair.split(":")
    for pair in """alabama:AL arizona:AZ arkansas:AR california:CA colorado:CO connecticut:CT
    district_of_columbia:DC florida:FL georgia:GA hawaii:HI idaho:ID illinois:IL indiana:IN iowa:IA kansas:KS
    kentucky:KY louisiana:LA maine:ME maryland:MD massachusetts:MA michigan:MI minnesota:MN mississippi:MS
    missouri:MO nebraska:NE nevada:NV new_jersey:NJ new_mexico:NM new_york:NY north_carolina:NC north_dakota:ND
    ohio:OH oklahoma:OK pennsylvania:PA rhode_island:RI south_carolina:SC south_dakota:SD tennessee:TN texas:TX
    utah:UT vermont:VT virginia:VA washington:WA west_virginia:WV wisconsin:WI wyoming:WY""".split()
)
WITHOUT = ("alaska", "delaware", "montana", "new_hampshire", "oregon", "elsewhere")
STATE_TABLES = {
    2021: "6b41a2b6b08ea29fdcee4b8388059748d09a14ae9d6639804aa267cc6e0573a2",
    2022: "7fa09926d74b4e5687e9c6781e986a24975f3839964be8495b45a60af46c381c",
    2023: "0a8ea7b8d72a3f6629bd8122d5334e7b0e3959f1bf4189ac71bba9901345e1fc",
    2024: "d813fc0994bcf9526f1ae5f89a41b1b45574544283e994d288e4ed201cd7af97",
    2025: "6bc1842f95b2d1e73685a55260062cd375474faf52ae3fc93b11a5359f62163a",
}
LOCAL_TABLES = {
    2022: "dbfab40f6470fef2a325da6a9fdd80b5bf89885bd071bb08c7d451cf6fadc669",
    2023: "8b6de46b9edfed89f222779e36e58bea9f63bba3005602a8e6be6cf5caccc224",
    2024: "ff5b20883b01935dc791aeabc920d4a27604158bfac0688d30525cabf05e9d3c",
    2025: "914f91958ffe3f0e7c323674b6606aa0b2101df5724d5b2d1469da85ba910ff4",
}
HEADINGS = {
    2022: "c2c20e817c9416e870c0aeb1e5f39cb89a79aa8a6ae9007ebb39fea34a612cca",
    2023: "410761dd496963e16264033ff7a233889fdd35ecb47d609db57fd299913ba670",
    2024: "aa0ee80b32c1f51a44cea56e8e4ea855b08be7eede82b156c03673b1c55a2d24",
    2025: "2d74d405d2d2efc0f1aa66c234bbf1fa91203387840a48beed93425aeae43f48",
}
# Rows of printed pages of the years before: the amounts for the six family sizes.
PRINTED = {
    (2017, "south_dakota", 9): [858, 985, 1070, 1136, 1189, 1264],
    (2017, "tennessee", 9): [1150, 1301, 1402, 1479, 1542, 1631],
    (2017, "texas", 17): [1557, 1719, 1823, 1901, 1964, 2051],
    (2018, "south_dakota", 9): [891, 1006, 1081, 1137, 1183, 1246],
    (2018, "tennessee", 9): [1161, 1302, 1393, 1462, 1518, 1595],
    (2018, "texas", 9): [955, 1041, 1095, 1136, 1168, 1212],
    (2019, "alabama", 15): [975, 1098, 1183, 1249, 1304, 1382],
    (2019, "arizona", 15): [1195, 1286, 1346, 1392, 1430, 1482],
    (2019, "arkansas", 15): [1567, 1680, 1752, 1806, 1850, 1910],
    (2020, "south_dakota", 15): [1210, 1383, 1497, 1585, 1657, 1756],
    (2020, "tennessee", 15): [1622, 1808, 1929, 2021, 2095, 2198],
    (2020, "texas", 15): [1342, 1459, 1532, 1586, 1630, 1689],
}

Grid = list[list[int]]


@cache
def program() -> Program:
    return programs.load_program("us")


@cache
def cells(table: str, year: int) -> dict[tuple[object, ...], object]:
    """The cells that hold in a year, by their keys."""
    values = program().tables[table].values
    _, rows = max((dated for dated in values if dated[0] <= date(year, 1, 1)), key=lambda dated: dated[0])
    return {tuple(path): row[""] for path, row in rows.items()}


def grid(table: str, year: int, key: str) -> Grid:
    """The amounts by row of income and then by family size, as they are printed."""
    found_cells = cells(table, year)
    return [[dollars(found_cells[key, size, row]) for size in range(1, 7)] for row in range(1, 20)]


def dollars(amount: object) -> int:
    assert isinstance(amount, Fraction) and amount.denominator == 1
    return amount.numerator


def state_tables(year: int) -> dict[str, Grid]:
    return {code: grid(f"state_sales_tax_{year}", year, state) for state, code in CODES.items()}


def digest(found: object) -> str:
    return hashlib.sha256(json.dumps(found, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.parametrize("year", STATE_TABLES)
def test_every_amount_of_the_state_tables_is_that_of_another_reading(year: int) -> None:
    assert digest(state_tables(year)) == STATE_TABLES[year]
    assert not any(
        amount for state in WITHOUT for row in grid(f"state_sales_tax_{year}", year, state) for amount in row
    )


@pytest.mark.parametrize("year", LOCAL_TABLES)
def test_every_amount_of_the_local_tables_is_that_of_another_reading(year: int) -> None:
    by_name = {letter: grid("local_sales_tax_of_one_percent", year, f"table_{letter.lower()}") for letter in "ABCD"}
    assert digest(by_name) == LOCAL_TABLES[year]


@pytest.mark.parametrize("year", HEADINGS)
def test_rates_and_the_way_to_local_taxes_are_those_of_another_reading(year: int) -> None:
    remarks = {"california": [3], "nevada": [5], "hawaii": [1, 6]}
    if year == 2023:
        remarks |= {"new_mexico": [1, 7], "south_dakota": [1, 7]}
    rates = cells("state_general_sales_tax_rate", year)
    none, tables = cells("has_no_local_sales_tax", year), cells("uses_local_sales_tax_tables", year)
    by_name = {}
    for state, code in CODES.items():
        ways = [4] if none[state,] else [2] if tables[state,] else [1]
        rate = rates[state,]
        assert isinstance(rate, Fraction)
        assert state not in remarks or ways == [1]
        by_name[code] = (remarks.get(state, ways), float(rate * 100))
    assert digest(by_name) == HEADINGS[year]
    assert tables["alaska",] and not any(none[state,] for state in WITHOUT)


@pytest.mark.parametrize(("year", "state", "row"), PRINTED)
def test_rows_of_printed_pages_stand_in_the_tables(year: int, state: str, row: int) -> None:
    assert grid(f"state_sales_tax_{year}", year, state)[row - 1] == PRINTED[year, state, row]


@pytest.mark.parametrize("year", range(2015, 2026))
def test_no_amount_falls_with_income_or_family_size(year: int) -> None:
    for code, table in state_tables(year).items():
        assert all(row == sorted(row) for row in table), code
        assert all(list(column) == sorted(column) for column in zip(*table, strict=True)), code
