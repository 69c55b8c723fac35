"""A rule module: one file of law, or the part of a reform that adds one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.reading.constants import read_inputs, read_parameters
from engine.reading.context import Context
from engine.reading.declarations import Example, Function, Input, Requirement, RuleModule, Variable
from engine.reading.declared import Declaration
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.examples import read_examples
from engine.reading.fields import Fields, name_list, named_entries, open_fields
from engine.reading.formulas import read_functions, read_variables
from engine.reading.implications import read_implications
from engine.reading.requirements import read_requirements
from engine.reading.scales import read_scales
from engine.reading.tables import read_tables
from engine.syntax.nodes import MappingEntry, Node
from engine.text.source import Span

GROUPS = {
    "inputs": "an input",
    "parameters": "a parameter",
    "tables": "a table",
    "scales": "a scale",
    "functions": "a function",
    "variables": "a variable",
    "requirements": "a requirement",
}
KEYS = ("about", "law", "exports", *GROUPS, "implications", "stands_alone", "examples")


@dataclass(frozen=True, slots=True)
class Definitions:
    """The declarations of one file, by kind."""

    inputs: tuple[Input, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    tables: tuple[Table, ...] = ()
    scales: tuple[Scale, ...] = ()
    functions: tuple[Function, ...] = ()
    variables: tuple[Variable, ...] = ()
    requirements: tuple[Requirement, ...] = ()

    def all(self) -> tuple[Declaration, ...]:
        """Every declaration, in the order of the manual."""
        return (
            *self.inputs, *self.parameters, *self.tables, *self.scales, *self.functions, *self.variables,
            *self.requirements,
        )  # fmt: skip


def read_rule_module(context: Context, node: Node, name: str) -> RuleModule | None:
    """The module `name`; None only if the file holds no mapping."""
    start = Span(node.span.source, node.span.start, node.span.start)
    fields = open_fields(context, node, start, "the module", KEYS)
    if fields is None:
        return None
    about, law = fields.text("about", needed=True), fields.text("law")
    if not fields.has("law"):
        context.report("E212", "the module cites no law", start, help="add `law:` with the law that it encodes")
    definitions = read_definitions(fields, functions_law=law)
    return module_of(fields, name, about, law, definitions)


def module_of(fields: Fields, name: str, about: str, law: str, definitions: Definitions) -> RuleModule:
    """A module of what was found, with its exports and examples."""
    return RuleModule(
        name,
        about,
        law,
        fields.place,
        name_list(fields, "exports"),
        definitions.inputs,
        definitions.parameters,
        definitions.tables,
        definitions.scales,
        definitions.functions,
        definitions.variables,
        definitions.requirements,
        *_examples(fields),
        read_implications(fields),
        name_list(fields, "stands_alone"),
    )


def _examples(fields: Fields) -> tuple[tuple[Example, ...], bool]:
    """The examples, and whether some of them could not be read."""
    node, before = fields.node_of("examples"), len(fields.context.problems)
    examples = read_examples(fields.context, node, fields.span_of("examples")) if node is not None else ()
    return examples, len(fields.context.problems) > before


def read_definitions(fields: Fields, functions_law: str) -> Definitions:
    """What stands under `inputs`, `parameters` … of a module, or of a reform's `replace` or `add`."""
    context = fields.context
    return Definitions(
        read_inputs(context, _entries(fields, "inputs")),
        read_parameters(context, _entries(fields, "parameters")),
        read_tables(context, _entries(fields, "tables")),
        read_scales(context, _entries(fields, "scales")),
        read_functions(replace(context, inherited_law=functions_law), _entries(fields, "functions")),
        read_variables(context, _entries(fields, "variables")),
        read_requirements(context, _entries(fields, "requirements")),
    )


def _entries(fields: Fields, group: str) -> tuple[MappingEntry, ...]:
    node = fields.node_of(group)
    if node is None:
        return ()
    return named_entries(fields.context, node, fields.span_of(group), f"`{group}`", of_what=GROUPS[group])
