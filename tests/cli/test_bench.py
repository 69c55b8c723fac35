"""`rulewright bench` measures all that it says, and tells it as a table and as JSON. Speed itself is not tested."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from api.bench import COMPARED, Measured, ours, peers, policyengine, ratios
from api.bench.measured_population import OUTPUTS, admitted, repeated, sample_tables, write_files
from api.bench.measuring import Bound
from api.cli.bench import _as_json, _table, earlier_run
from api.failures import Misuse
from engine.pipeline import compile_rules
from tests.cli.command import ROOT, run


def test_the_command_measures_everything() -> None:
    done = run("bench", "--repeat", "1", "--runs", "1", "--made", "20", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    groups = {
        "compile", "population", "benefits", "household", "find", "question", "handed over", "ranges", "start",
        "process",
    }  # fmt: skip
    assert {measurement["group"] for measurement in told["measured"]} == groups
    assert all(float(measurement["seconds"]) >= 0 for measurement in told["measured"])
    bound = {line["what"]: line["bound"] for line in told["measured"]}
    assert (bound[COMPARED], bound[ours.COLD], bound["rulewright --help"]) == ("memory", "decode", "processor")
    assert all(("times_bound" in line) == (line["bound"] != "processor") for line in told["measured"])
    handed = [line["said"] for line in told["measured"] if line["group"] == "handed over"]
    assert handed == ["0.00% by the interpreter"]
    assert "0 households by the interpreter" in [line.get("said") for line in told["measured"]]
    assert all("% determined" in line["said"] for line in told["measured"] if line["group"] == "ranges")
    assert list(told["ratios"]) == ["times the bound that memory sets"]
    processes = {line["what"]: line["units"] for line in told["measured"] if line["group"] == "process"}
    assert processes == dict.fromkeys((ours.FIRST, ours.COLD, ours.CHANGED), 10_000)


def test_a_population_repeated_has_the_same_figures_again(tmp_path: Path) -> None:
    program = compile_rules(ROOT / "rules" / "us")
    once = {name: table.slice(0, 50 if name == "tax_unit" else None) for name, table in sample_tables(1).items()}
    once["person"] = once["person"].filter([whose < 50 for whose in once["person"]["tax_unit_id"].to_pylist()])
    twice = repeated(once, 2)
    assert admitted(program, twice).counts["tax_unit"] == 100
    assert len(list(write_files(once, tmp_path, 3))) == 2
    from api.batch.run import Job, run_batch
    from engine.values.periods import parse_period

    inputs = {"person": tmp_path / "people.parquet", "tax_unit": tmp_path / "tax_units.parquet"}
    wanted = tuple(
        program.definitions[definition.name] for name in OUTPUTS if (definition := program.find(name)) is not None
    )
    report = run_batch(Job(program, parse_period("2024"), inputs, tmp_path / "out.parquet", wanted, part_rows=70))
    assert (report.groups, report.refused, report.undetermined) == (150, 0, 0)


def test_ratios_are_rates_over_rates() -> None:
    listed = [
        Measured("population", COMPARED, 0.02, 100),
        Measured("population", ours.MEMORY, 0.005, 100),
        Measured("peer", peers.TAXCALC_WARM, 1.0, 200),
    ]
    told = ratios(listed)
    assert told[f"{COMPARED}, over taxcalc's warm calc_all"] == pytest.approx(25)
    assert told["times the bound that memory sets"] == pytest.approx(4)
    assert len(told) == 2
    assert _as_json(listed)["ratios"] == {name: f"{ratio:.2f}" for name, ratio in told.items()}
    assert _table(listed).row_count == 5


def test_what_moved_since_anearlier_run_run_is_told(tmp_path: Path) -> None:
    listed = [Measured("population", COMPARED, 0.02, 100), Measured("population", ours.MEMORY, 0.005, 100)]
    path = tmp_path / "earlier.json"
    path.write_text(json.dumps({"measured": [{"what": COMPARED, "seconds": "0.080000", "units": 200}]}))
    assert _as_json(listed, earlier_run(path))["times_as_long"] == {COMPARED: "0.50"}
    assert _table(listed, earlier_run(path)).columns[-1].header == "times as long"
    path.write_text("[]")
    with pytest.raises(Misuse, match="is not the result of a bench"):
        earlier_run(path)
    with pytest.raises(Misuse, match="cannot be read"):
        earlier_run(tmp_path / "none.json")


def test_taxsim_py_is_a_peer_by_rows() -> None:
    theirs, mine = peers.files(10_000)
    told = ratios([Measured("peer", theirs, 2.0, 10_000), Measured("peer", mine, 1.0, 10_000)])
    assert told == {"whole process on 10,000 rows, over taxsim-py's": pytest.approx(2)}


def test_a_line_says_how_far_off_its_bound_it_is() -> None:
    line = Measured("process", ours.COLD, 3.0, 100, bound=Bound("decode", 0.5))
    told = _as_json([line])["measured"]
    assert isinstance(told, list)
    assert {name: told[0][name] for name in ("bound", "bound_seconds", "times_bound")} == {
        "bound": "decode", "bound_seconds": "0.500000", "times_bound": "6.0",
    }  # fmt: skip
    assert list(_table([line]).columns[-1].cells) == ["6.0"]


def test_policyengine_gets_the_units_that_ours_gets() -> None:
    tables = policyengine.first_units(50)
    situation = policyengine.situation_of(tables)
    assert len(situation["people"]) == len(tables["person"]) and len(situation["tax_units"]) == 50
    wages = sum(facts.get("employment_income", {}).get("2024", 0) for facts in situation["people"].values())
    assert wages == pc.sum(tables["person"]["employment_income"]).as_py() > 0
    assert policyengine.agreement({"eitc": [1.0, 5.0]}, pa.table({"eitc": [1.5, 7.0]})) == (
        "eitc the same to a dollar in 50.0%"
    )


def test_a_peer_that_is_not_there_is_told_before_anything_is_measured() -> None:
    with pytest.raises(Misuse, match="no comparison with `excel`"):
        peers.check({"excel": sys.executable})
    with pytest.raises(Misuse, match="there is no file"):
        peers.check({"taxcalc": "/nowhere/python"})
    done = run("bench", "--peer", "taxcalc")
    assert done.returncode == 2
    assert "`taxcalc` names no program" in done.stderr
