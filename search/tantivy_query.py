"""From plan and filters to tantivy queries, and from a document to its tantivy form.

No part of a query is ever scored: hits are sorted by texts computed from the document alone, so no other document, seen or
hidden, can move them.
"""

from collections.abc import Mapping, Sequence

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as T

from search.analysis import index_form, pair_grams
from search.plan import All, Condition, Gram, Plan
from search.protocol import Document
from search.settings import CHOICES, NUMBERS, choice_values, reader_values

Clauses = list[tuple[Occur, T]]
# A token of its own between runs, so that no phrase crosses punctuation or the border of name and scope.
GAP = " . "
# Fields of which a document may hold several values also stand as one value, all of them together: counting one value for a
# document and taking it apart afterwards costs a fifth of counting several.
SETS = {"industry": "industry_set", "category": "category_set"}
APART = "\n"  # no value holds a control character


def to_tantivy(document: Document) -> tantivy.Document:
    """The index form of one document."""
    form = index_form(document)
    out = tantivy.Document()
    out.add_text("id", document.id)
    out.add_text("stamp", f"{document.id} {document.version}")
    out.add_text("text", GAP.join(" ".join(pair_grams(run)) for run in form.runs))
    out.add_text("chars", " ".join(dict.fromkeys("".join(form.runs))))
    out.add_text("grams", " ".join(form.grams))
    for reader in reader_values(document.readers):
        out.add_text("readers", reader)
    for name in CHOICES:
        values = choice_values(document, name)
        for value in values:
            out.add_text(name, value)
        if name in SETS and values:
            out.add_text(SETS[name], APART.join(values))
    for name in NUMBERS:
        if (number := getattr(document, name)) is not None:
            out.add_integer(name, number)
    for name, text in form.orders.items():
        out.add_text(name, text)
    return out


def condition_query(schema: tantivy.Schema, condition: Condition) -> T:
    """The documents that meet a condition on grams."""
    if isinstance(condition, Gram):
        return T.term_query(schema, "grams", condition.value, "basic")
    occur = Occur.Must if isinstance(condition, All) else Occur.Should
    return T.boolean_query([(occur, condition_query(schema, part)) for part in condition.parts])


def phrase_query(schema: tantivy.Schema, phrase: str) -> T:
    """The documents whose name or scope holds a Han text as it stands."""
    if len(phrase) == 1:
        return T.term_query(schema, "chars", phrase, "basic")
    pairs = pair_grams(phrase)
    return T.phrase_query(schema, "text", pairs) if len(pairs) > 1 else T.term_query(schema, "text", pairs[0], "basic")


def plan_clauses(schema: tantivy.Schema, plan: Plan) -> Clauses:
    """What the typed line asks for, without its order of goodness."""
    return [
        *((Occur.Must, phrase_query(schema, p)) for p in plan.phrases),
        *((Occur.Must, condition_query(schema, c)) for c in plan.conditions),
        *((Occur.MustNot, phrase_query(schema, p)) for p in plan.without_phrases),
        *((Occur.MustNot, condition_query(schema, c)) for c in plan.without),
    ]


def tier_queries(schema: tantivy.Schema, plan: Plan) -> list[T]:
    """The classes of goodness, best first; what meets none of them comes after."""
    whole = [phrase_query(schema, plan.whole)] if plan.whole else []
    return [*(condition_query(schema, tier) for tier in plan.tiers), *whole]


def reader_clauses(schema: tantivy.Schema, readers: Sequence[str], exclude_ids: Sequence[str]) -> Clauses:
    """Who asks, and which stale documents must not answer."""
    clauses = [(Occur.Must, one_of(schema, "readers", readers))]
    if exclude_ids:
        clauses.append((Occur.MustNot, T.term_set_query(schema, "id", list(exclude_ids))))
    return clauses


def filter_clauses(schema: tantivy.Schema, filters: Mapping[str, Sequence[str]], without: str = "") -> Clauses:
    """One clause per filtered field, leaving out the field `without`."""
    return [(Occur.Must, one_of(schema, name, values)) for name, values in filters.items() if name != without]


def one_of(schema: tantivy.Schema, name: str, values: Sequence[str]) -> T:
    """The documents that hold one of these values; a single term is walked, several are first gathered to a set (1 ms)."""
    return T.term_query(schema, name, values[0], "basic") if len(values) == 1 else T.term_set_query(schema, name, list(values))


def range_clauses(schema: tantivy.Schema, ranges: Mapping[str, tuple[int | None, int | None]]) -> Clauses:
    """Inclusive bounds; a pair of open bounds narrows nothing."""
    return [
        (Occur.Must, T.range_query(schema, name, FieldType.Integer, low, high))
        for name, (low, high) in ranges.items() if low is not None or high is not None
    ]
