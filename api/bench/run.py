"""All measurements, one after the other, in one run on one machine.

1. The population: the shipped sample so many times over, or taxcalc's own survey if taxcalc is a peer.
2. This engine: compile times, the whole population warm, all benefits of its months, one household, finding people, the
   next question of an interview and the cures of a refusal, starting, whole processes from files to a file.
3. Which columns send rows to the interpreter, and how wide the ranges of half-known households are: no times, but what
   a change may worsen as easily.
4. Beside it the time that memory alone needs for the bytes that are read and written, and each peer that was named:
   taxcalc on the very same records, openfisca-core on a made ruleset that both have, TAXSIM on a file of its columns,
   a reform from the command to the report beside taxcalc's command, policyengine-us on some of the sample.
5. What is compared is units a second. A ratio is ours over the peer's: of 20 outputs on 2 threads over a warm peer, of
   whole processes over whole processes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.bench import benefits, handed_over, ours, peers, policyengine, questions, ranges, reform
from api.bench.measured_population import OUTPUTS, Tables, admitted, sample_tables
from api.bench.measuring import Measured
from api.failures import Failure
from api.rules import programs
from engine.pipeline import compile_rules

COMPARED = ours.TWO_THREADS
MADE = 5_000
HALF_KNOWN, FEW_HALF_KNOWN = 1_000, 10
MANY_RUNS = 10
MANY_HOUSEHOLDS = 10  # times 10,000, whose benefits are computed


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: rules with the outputs of `us`, how many times the sample is taken, how many times over the
    population is for a run in parts (1: none), the size of the made ruleset, of how many runs the best counts, and the
    peers' programs by name.
    """

    rules: str = "us"
    repeat: int = 28
    large: int = 1
    made: int = MADE
    runs: int = 15
    peers: Mapping[str, str] = field(default_factory=dict)


def measure(plan: Plan) -> Iterator[Measured]:
    """All measurements, as they are made. Raises Failure for a peer that is not known or does not run."""
    peers.check(plan.peers)
    rules = programs.find_rules(plan.rules)
    with tempfile.TemporaryDirectory(prefix="rulewright-bench-") as name:
        folder = Path(name)
        tables = _population(plan, folder)
        program = compile_rules(rules)
        missing = [name for name in OUTPUTS if program.find(name) is None]
        if missing:
            raise Failure(f"`{plan.rules}` has no figure `{missing[0]}`", "the bench computes the figures of `us`")
        yield from ours.compiling(rules, program, admitted(program, tables), few(plan.runs))
        if plan.made:
            yield from ours.made(plan.made)
        yield from peers.taxcalc(plan.peers, folder, "warm")
        yield from ours.population(program, tables, plan.runs)
        yield from benefits.measured(program, min(plan.repeat, MANY_HOUSEHOLDS), few(plan.runs))
        yield from ours.household(program, plan.runs)
        yield from questions.finding(plan.rules, tables, plan.runs)
        yield from questions.asking(rules, program, plan.runs)
        yield from handed_over.measured(program, plan.runs)
        yield from ranges.measured(program, HALF_KNOWN if plan.runs >= MANY_RUNS else FEW_HALF_KNOWN)
        yield from ours.starting(folder, few(plan.runs))
        yield from peers.taxcalc(plan.peers, folder, "cold")
        yield from ours.processes(plan.rules, tables, folder, plan.large, few(plan.runs))
        yield from reform.measured(plan.peers, folder, few(plan.runs))
        yield from peers.measure(plan.peers, folder, few(plan.runs))
        yield from policyengine.measured(plan.peers, folder, few(plan.runs))


def few(runs: int) -> int:
    """How often what takes seconds is run."""
    return min(runs, 4)


def _population(plan: Plan, folder: Path) -> Tables:
    if "taxcalc" in plan.peers:
        return peers.survey(plan.peers["taxcalc"], folder)
    return sample_tables(plan.repeat)


def ratios(measurements: Sequence[Measured]) -> dict[str, float]:
    """Our rate over each peer's, and memory's over ours, by what they are."""
    by_name = {measured.what: measured for measured in measurements}
    pairs = [
        (f"{COMPARED}, over taxcalc's warm calc_all", COMPARED, peers.TAXCALC_WARM),
        ("whole process, code cached, over taxcalc's", ours.COLD, peers.TAXCALC_COLD),
        ("whole process, nothing cached, over taxcalc's", ours.FIRST, peers.TAXCALC_COLD),
        ("whole process, a file of the rules changed, over taxcalc's", ours.CHANGED, peers.TAXCALC_COLD),
        ("a reform's report on taxcalc's survey, over taxcalc's tc", reform.OURS_SURVEY, reform.TC),
        ("made ruleset, 1 thread, over openfisca-core's", peers.MADE_OURS, peers.MADE_OPENFISCA),
        ("whole process on 2,000 tax units, over policyengine-us's", policyengine.OURS, policyengine.THEIRS),
        ("whole process on its file, over TAXSIM's", peers.TAXSIM_OURS, peers.TAXSIM),
        ("whole process, code cached, over TAXSIM's", ours.COLD, peers.TAXSIM),
    ]
    for rows in peers.FILE_ROWS:
        theirs, mine = peers.files(rows)
        pairs.append((f"whole process on {rows:,} rows, over taxsim-py's", mine, theirs))
    result = {
        name: by_name[own].rate / by_name[other].rate for name, own, other in pairs if {own, other} <= set(by_name)
    }
    if {reform.OURS_SAMPLE, reform.TC} <= set(by_name):
        times_faster = by_name[reform.TC].seconds / by_name[reform.OURS_SAMPLE].seconds
        result["a reform's report on the shipped sample, over taxcalc's tc on its survey"] = times_faster
    if {COMPARED, ours.MEMORY} <= set(by_name):
        result["times the bound that memory sets"] = by_name[ours.MEMORY].rate / by_name[COMPARED].rate
    return result


def plain(what: str) -> str:
    """What a line measures, without what it found in brackets."""
    return what.partition(" (exponent")[0]


def moved(measurements: Sequence[Measured], earlier: Mapping[str, float]) -> dict[str, float]:
    """How many times as long each line takes for a unit as in an earlier run, of which `earlier` has the seconds."""
    return {
        measured.what: measured.seconds / (measured.units or 1) / earlier[plain(measured.what)]
        for measured in measurements
        if earlier.get(plain(measured.what))
    }
