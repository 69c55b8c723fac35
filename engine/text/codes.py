"""The catalogue of diagnostic codes: what each one means, in a sentence.

E1xx reading YAML, E2xx what a file may hold, E3xx the syntax of formulas, E4xx names, E5xx types and units, E6xx time,
E7xx whole-program checks, E8xx examples and reforms, W9xx warnings.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    # --- reading YAML
    "E101": "the file is not valid YAML",
    "E102": "the file is not valid UTF-8 text, or holds a character that may not stand in a rule file",
    "E103": "anchors and aliases are refused",
    "E104": "tags are refused",
    "E105": "merge keys are refused",
    "E106": "a file holds one document",
    "E107": "a key stands twice in one mapping",
    "E108": "nesting is too deep",
    "E109": "the file is too large",
    "E110": "a key must be a plain name",
    "E111": "the file or folder cannot be read",
    # --- what a file may hold
    "E201": "unknown key",
    "E202": "a required key is missing",
    "E203": "a mapping, a list or a single value was expected",
    "E204": "a value is not of the type that its place asks for",
    "E205": "a name is not written in lower_snake_case, or is a reserved word",
    "E206": "a date does not exist or is not written YYYY-MM-DD",
    "E207": "a number is too long, or not a plain decimal number",
    "E208": "a table does not give every cell",
    "E209": "a scale's brackets are not in order or not well formed",
    "E210": "a declaration contradicts itself",
    "E211": "dates overlap or repeat",
    "E212": "a definition cites no law",
    "E213": "an entity's roles, group or owner are not well formed",
    "E214": "a range is empty or a value lies outside it",
    "E215": "an unknown type, period, calendar, entity or enum is named",
    "E216": "a calendar is not well formed",
    # --- syntax of formulas
    "E301": "the formula cannot be read at this point",
    "E302": "the formula is too long or too deeply nested",
    "E303": "a number or date in a formula is malformed",
    "E304": "a character cannot stand in a formula",
    "E305": "the formula is empty",
    # --- names
    "E401": "unknown name",
    "E402": "a name is declared twice",
    "E403": "a name is private to another module",
    "E404": "an exported name is not declared",
    "E405": "a figure of another entity is read without saying through whom",
    "E406": "there is no such member, column, role or figure here",
    "E407": "a local name hides another name",
    "E408": "a function may not read figures",
    # --- types and units
    "E501": "the types on the two sides do not fit",
    "E502": "the operation is not defined for this type",
    "E503": "the formula gives another type than the definition states",
    "E504": "a number stands where money is wanted",
    "E505": "a function, table or scale is used with the wrong arguments",
    "E506": "it is not clear which enum a member belongs to",
    "E507": "the value may be none, and the formula does not say what to do then",
    "E508": "a condition must be true or false",
    "E509": "a constant value is out of range or a division by zero",
    # --- time
    "E601": "a flow of one period meets a formula of another",
    "E602": "a stock must be read at a date, and is neither summed nor spread",
    "E603": "this time navigation is not possible here",
    "E604": "a dated constant has no value on a date on which it is read",
    "E605": "a formula does not cover every date that the rules answer for",
    "E606": "periods do not fit into the formula's period, and nothing says which of them belong to it",
    "E607": "a number of periods or records has no bound, or too high a one",
    # --- whole-program checks
    "E701": "definitions depend on each other in a circle",
    "E702": "two exceptions can hold at once and neither is over the other",
    "E703": "a branch can never be reached",
    "E704": "an exported figure or requirement has no example",
    "E705": "an exception is over one that does not exist, or over itself",
    "E706": "the program is too large",
    # --- examples and reforms
    "E801": "an example or a case names something that does not exist",
    "E802": "an example gives or expects a value of the wrong type",
    "E803": "a reform names something that does not exist",
    "E804": "a reform changes nothing",
    "E805": "a case breaks the rules of its entities",
    "E806": "a fact is stated twice for one day or period",
    "E807": "two are stated that exclude each other",
    # --- warnings
    "W901": "a definition is never used",
    "W902": "a figure relies on a constant after the date until which it is known",
    "W903": "nothing says whether a fact is an event of its period or a status that lasts",
    "W904": "two dated constants are the same in every year",
    "W905": "a test of `none` that cannot hold",
    "W906": "a reform changes one of several places that carry a provision",
}
