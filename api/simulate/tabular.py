"""The answers as flat tables, for CSV and Parquet: one row a figure, with year and reform in front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from api.simulate.answers import Behaviour, BudgetLine, HouseholdsAnswer, ReformAnswer, Simulation, Winners

pa: Any = pyarrow
Row = dict[str, object]
_WORDS = {
    "year", "projected", "reform", "figure", "kind", "label", "grouping", "group", "fare", "measure", "rate", "earner",
    "band", "table", "row", "law",
}  # fmt: skip


def tables(simulation: Simulation) -> dict[str, list[Row]]:
    """Rows by table; those of cliffs where some can be told, Tax-Calculator's if they were asked for. Numbers are
    decimals in texts; none is null."""
    rows_of: dict[str, list[Row]] = {name: [] for name in ("budget", "groups", "winners", "measures", "rates")}
    for year in simulation.years:
        for reform in year.reforms:
            front: Row = {"year": year.year, "projected": year.projected, "reform": reform.reform}
            for name, rows in (*_of(reform).items(), *_named(reform)):
                rows_of.setdefault(name, []).extend({**front, **row} for row in rows)
    return {name: rows for name, rows in rows_of.items() if rows}


def _of(reform: ReformAnswer) -> Mapping[str, list[Row]]:
    households = reform.households
    return {
        "budget": list(map(_line, reform.budget)), **_by(reform), "rates": list(_bands(reform)),
        "cliff_causes": list(_causes(reform)),
        **({"response": list(_response(reform.behaviour))} if reform.behaviour is not None else {}),
        **({f"household_{name}": rows for name, rows in _by(households).items()} if households is not None else {}),
    }  # fmt: skip


def _line(line: BudgetLine) -> Row:
    return {
        "figure": line.figure, "kind": line.kind, "label": line.label, "before": line.before, "after": line.after,
        "change": line.change, "standard_error": line.standard_error, "n_changed": line.changed,
        "having_before": line.having_before, "having_after": line.having_after,
    }  # fmt: skip


def _response(response: Behaviour) -> Iterator[Row]:
    """The earnings if they respond, and the budget then."""
    rows = [_line(line) for line in response.budget]
    earnings: Row = dict.fromkeys(rows[0])
    earnings |= {"figure": "earnings", "kind": "earnings", "label": "Earnings that respond"}
    earnings |= {"before": response.earnings_before, "after": response.earnings_after}
    for row in ({**earnings, "change": response.earnings_change}, *rows):
        yield {"elasticity": response.elasticity, **row}


def _by(answer: ReformAnswer | HouseholdsAnswer) -> Mapping[str, list[Row]]:
    """What is told of units and of households alike."""
    groups: list[Row] = [
        {"grouping": way.name, "group": row.group, "n": None if row.suppressed else row.n, "weight": row.weight,
         "mean_before": row.mean_before, "mean_change": row.mean_change, "standard_error": row.standard_error,
         "relative_change_percent": row.relative_change, "total_change": row.total_change}
        for way in answer.groups for row in way.rows
    ]  # fmt: skip
    measures: list[Row] = [
        {
            "measure": measure.measure,
            "label": measure.label,
            "before": measure.before,
            "after": measure.after,
            "change": measure.change,
            "standard_error": measure.standard_error,
        }
        for measure in (*answer.inequality, *answer.poverty)
    ]
    return {"groups": groups, "winners": list(_winners(answer.winners)), "measures": measures}


def _winners(winners: Winners) -> Iterator[Row]:
    for row in winners.rows:
        for fare, cell in zip(winners.columns, row.cells, strict=True):
            yield {"group": row.group, "fare": fare, "n": cell.n, "weight": cell.weight, "share_percent": cell.share}


def _bands(reform: ReformAnswer) -> Iterator[Row]:
    for rates in reform.rates:
        for rate_band in rates.bands:
            yield {
                "rate": rates.name,
                "earner": rates.earner,
                "band": rate_band.band,
                "n_before": rate_band.n_before,
                "n_after": rate_band.n_after,
                "share_before": rate_band.before,
                "share_after": rate_band.after,
            }


def _causes(reform: ReformAnswer) -> Iterator[Row]:
    """What takes most of more earnings from those who lose more than they earn, under each law."""
    for rates in reform.rates:
        for law, causes in (("current law", rates.causes_before), ("reform", rates.causes_after)):
            for cause in causes:
                yield {
                    "rate": rates.name, "earner": rates.earner, "law": law, "figure": cause.figure,
                    "label": cause.label, "n": cause.n, "share_percent": cause.share,
                }  # fmt: skip


def _named(reform: ReformAnswer) -> Iterator[tuple[str, list[Row]]]:
    """Tax-Calculator's tables: all distributions in one, all differences in another."""
    for table in reform.distribution:
        kind, _, of = table.name.partition(" ")
        rows: list[Row] = [
            {"table": of, "row": row.row, "n": row.n, **dict(zip(table.columns, row.cells, strict=True))}
            for row in table.rows
        ]
        yield kind, rows


def write_tables(simulation: Simulation, folder: Path) -> None:
    """Write each table as CSV (numbers as they are told) and as Parquet (numbers as decimals) into a folder."""
    for name, rows in tables(simulation).items():
        columns = {key: [None if row[key] == "" else row[key] for row in rows] for key in rows[0]}
        texts = pa.table({key: pa.array(values) for key, values in columns.items()})
        pa.csv.write_csv(texts, folder / f"{name}.csv")
        numbers = {key: _numbers(values) if key not in _WORDS else texts[key] for key, values in columns.items()}
        pa.parquet.write_table(pa.table(numbers), folder / f"{name}.parquet")


def _numbers(values: Sequence[object]) -> Any:
    """Whole numbers as they are; decimals in texts as decimals, with the places of the longest: no digit is lost."""
    if any(isinstance(value, int) for value in values):
        return pa.array(values)
    numbers = [None if value is None else Decimal(str(value)) for value in values]
    places = max((-int(number.as_tuple().exponent) for number in numbers if number is not None), default=2)
    return pa.array(numbers, pa.decimal128(38, max(places, 0)))
