"""From plan and filters to what Meilisearch is sent: settings, documents, the query line and the filter language.

Han characters are written apart and asked as quoted phrases; nothing else is left to Meilisearch's own dictionary,
typo tolerance or ranking: grams are filters, and the order of goodness is made of filters too, so that a hit's place depends
on its own document alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any as AnyValue

from search.analysis import index_form
from search.plan import All, Condition, Gram, Plan
from search.protocol import Document
from search.settings import CHOICES, NUMBERS, ORDERS, choice_values, fingerprint, reader_values

MARKER = "__schema__"
GAP = " . "
MAX_TOTAL = 2_000_000
MAX_FACET_VALUES = 20_000


def settings_body() -> dict[str, AnyValue]:
    """All settings of the index, from the field table."""
    def features(names: list[str], comparison: bool) -> dict[str, AnyValue]:
        return {"attributePatterns": names,
                "features": {"facetSearch": False, "filter": {"equality": True, "comparison": comparison}}}
    return {
        "searchableAttributes": ["text"],
        "displayedAttributes": ["id"],
        "filterableAttributes": [features(["id", "grams", "readers", *CHOICES], False), features(list(NUMBERS), True)],
        "sortableAttributes": list(ORDERS),
        "rankingRules": ["words", "sort"],
        "typoTolerance": {"enabled": False},
        "faceting": {"maxValuesPerFacet": MAX_FACET_VALUES, "sortFacetValuesBy": {"*": "alpha"}},
        "pagination": {"maxTotalHits": MAX_TOTAL},
        "localizedAttributes": [{"attributePatterns": ["text"], "locales": ["cmn"]}],
        "proximityPrecision": "byWord",
    }


def to_meilisearch(document: Document) -> dict[str, AnyValue]:
    """The index form of one document."""
    form = index_form(document)
    body: dict[str, AnyValue] = {
        "id": document.id,
        "version": document.version,
        "text": GAP.join(" ".join(run) for run in form.runs),
        "grams": form.grams,
        "readers": reader_values(document.readers),
    }
    body |= {name: choice_values(document, name) for name in CHOICES}
    body |= {name: getattr(document, name) for name in NUMBERS if getattr(document, name) is not None}
    return body | form.orders


def marker() -> dict[str, AnyValue]:
    """The document that says which version of this library wrote the index; without readers nobody finds it."""
    return {"id": MARKER, "version": fingerprint(), "readers": []}


def quoted(value: str) -> str:
    """A value of the filter language: whatever it holds, it stays one value."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def one_of(name: str, values: Sequence[str]) -> str:
    return f"{name} IN [{', '.join(map(quoted, values))}]"


def condition_filter(condition: Condition) -> str:
    """A condition on grams in the filter language."""
    if isinstance(condition, Gram):
        return f"grams = {quoted(condition.value)}"
    word = " AND " if isinstance(condition, All) else " OR "
    return "(" + word.join(map(condition_filter, condition.parts)) + ")"


def query_line(wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    """Each Han text as a quoted phrase of characters; exclusions first, since the server stops reading after ten words."""
    def phrase(text: str) -> str:
        return '"' + " ".join(text) + '"'
    return " ".join([*("-" + phrase(p) for p in unwanted), *(phrase(p) for p in wanted)])


def plan_filters(plan: Plan) -> list[str]:
    """The conditions of a plan that are no Han text."""
    return [*map(condition_filter, plan.conditions), *(f"NOT {condition_filter(c)}" for c in plan.without)]


def choice_filters(filters: Mapping[str, Sequence[str]], without: str = "") -> list[str]:
    return [one_of(name, values) for name, values in filters.items() if name != without]


def range_filters(ranges: Mapping[str, tuple[int | None, int | None]]) -> list[str]:
    """Inclusive bounds."""
    out = []
    for name, (low, high) in ranges.items():
        out += [f"{name} >= {int(low)}"] if low is not None else []
        out += [f"{name} <= {int(high)}"] if high is not None else []
    return out


def tier_parts(plan: Plan) -> list[tuple[str, list[str]]]:
    """Query line and filters of each class of goodness, each without the classes above it, the rest last."""
    line = query_line(plan.phrases, plan.without_phrases)
    out: list[tuple[str, list[str]]] = []
    above: list[str] = []
    for tier in plan.tiers:
        text = condition_filter(tier)
        out.append((line, [text, *above]))
        above = [*above, f"NOT {text}"]
    if plan.whole:
        # The whole text takes the place of its words, so that the line stays within ten.
        out.append((query_line([plan.whole], plan.without_phrases), above))
        return [*out, (query_line(plan.phrases, [*plan.without_phrases, plan.whole]), above)]
    return [*out, (line, above)]
