"""Which of the unknown facts that figures hang on to ask for first.

1. Who there is decides which facts there are: lists of people in a group come first, other lists last.
2. Facts come by their expected effect (`effects`); ties go to what must be stated before what a complete case may leave
   out, then to the order of the rules.
3. Where columns cannot hold the case, the interpreter tries the facts one by one, which takes longer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from api.cases.effects import effects
from api.cases.machine import holdable
from engine.explain.questions import most_useful_first
from engine.interpret.cases import Case
from engine.interpret.further import is_list, place_of
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.remembered import Remembered


def ranked(program: Program, case: Case, wanted: Sequence[Fact], needs: Collection[Fact]) -> list[Fact]:
    """The unknown facts on which the wanted figures hang, and lists that may not be whole: the first to ask first."""
    if not holdable(program, case):
        return most_useful_first(program, case, wanted)
    definitions = [program.definitions[name] for name in dict.fromkeys(fact.name for fact in wanted)]
    lists = sorted(filter(is_list, needs), key=lambda fact: (not place_of(fact).role, str(fact)))
    people = [fact for fact in lists if place_of(fact).role]
    return [*people, *facts_ranked(program, case, definitions, needs), *lists[len(people) :]]


def facts_ranked(program: Program, case: Case, wanted: Sequence[Definition], needs: Collection[Fact]) -> list[Fact]:
    """The facts among `needs`, the one that is expected to move the wanted figures most first."""
    return [fact for fact, _ in effects_ranked(program, case, wanted, needs)]


def effects_ranked(
    program: Program, case: Case, wanted: Sequence[Definition], needs: Collection[Fact]
) -> list[tuple[Fact, float]]:
    """The facts among `needs` with how much each is expected to move the wanted figures, that which moves most first.
    What moves them at all does so in a completion of the case in which it alone is another."""
    facts = in_order_of_rules(program, [fact for fact in needs if not is_list(fact)])
    expected = {fact: effect for fact, effect in effects(program, case, wanted, facts).items() if effect}
    first = sorted(
        facts, key=lambda fact: (-expected.get(fact, 0.0), program.definitions[fact.name].absent is not None)
    )
    return [(fact, expected.get(fact, 0.0)) for fact in first]


def in_order_of_rules(program: Program, facts: Collection[Fact]) -> list[Fact]:
    """Facts as the rules name them; several of one name by whose they are."""
    places = places_in_rules(program)
    return sorted(facts, key=lambda fact: (places[fact.name], str(fact)))


_kept = Remembered[dict[str, int]](1)


def places_in_rules(program: Program) -> Mapping[str, int]:
    """Where each definition stands in the rules. Kept for the last program."""
    return _kept.of(program, None, lambda: {name: place for place, name in enumerate(program.definitions)})
