"""The search routes of the strict local server: every parameter is checked, unknown ones are refused by name."""

import uuid
from typing import Any

from tests.search.meili_filter import FilterRefused, Node, read_any
from tests.search.meili_index import Index, facet_text
from tests.search.meili_state import Refused, State

SEARCH_FIELDS = [
    "q", "offset", "limit", "page", "hitsPerPage", "attributesToRetrieve", "attributesToCrop", "cropLength", "cropMarker",
    "attributesToHighlight", "highlightPreTag", "highlightPostTag", "showMatchesPosition", "filter", "sort", "distinct", "facets",
    "matchingStrategy", "attributesToSearchOn", "rankingScoreThreshold", "locales", "hybrid", "vector", "retrieveVectors",
    "media", "personalize", "useNetwork", "showRankingScore", "showRankingScoreDetails", "showPerformanceDetails",
]
# Understood by the real server and not played here: asking for one of them is an error of the test, not of the request.
NOT_PLAYED = {"attributesToCrop", "attributesToHighlight", "showMatchesPosition", "distinct", "showRankingScore",
              "rankingScoreThreshold", "vector", "retrieveVectors", "media", "personalize", "useNetwork",
              "showRankingScoreDetails", "showPerformanceDetails"}
LOCALES = {"cmn", "zho", "zh", "eng", "en", "jpn", "ja"}


def not_played(what: str) -> Refused:
    return Refused(501, "not_played_by_the_local_server", what)


def check_fields(body: Any, known: list[str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        kind = {"list": "an array", "str": "a string"}.get(type(body).__name__, "null")
        raise Refused(400, "bad_request", f"Invalid value type: expected an object, but found {kind}")
    for name in body:
        if name not in known:
            listed = ", ".join(f"`{k}`" for k in known)
            raise Refused(400, "bad_request", f"Unknown field `{name}`: expected one of {listed}")
    return body


def _number(body: dict[str, Any], name: str, default: int | None) -> int | None:
    value = body.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        code = {"hitsPerPage": "hits_per_page"}.get(name, name)
        raise Refused(400, f"invalid_search_{code}", f"Invalid value type at `.{name}`: expected a positive integer")
    return value


def _check(uid: str, index: Index, body: dict[str, Any]) -> None:
    if body.get("matchingStrategy", "last") not in ("last", "all", "frequency"):
        raise Refused(400, "invalid_search_matching_strategy", "Unknown value at `.matchingStrategy`")
    if not set(body.get("locales") or []) <= LOCALES:
        raise Refused(400, "invalid_search_locales", "Unknown value at `.locales[0]`")
    if body.get("hybrid"):
        raise Refused(400, "invalid_search_embedder", f"Cannot find embedder with name `{body['hybrid'].get('embedder')}`.")
    for rule in body.get("sort") or []:
        name, _, way = rule.rpartition(":")
        if way not in ("asc", "desc"):
            raise Refused(400, "invalid_search_sort", f"Invalid syntax for the sort parameter: found `{rule}`.")
        if name not in index.settings["sortableAttributes"] or "sort" not in index.settings["rankingRules"]:
            raise Refused(400, "invalid_search_sort", f"Index `{uid}`: Attribute `{name}` is not sortable.")
    for name in body.get("facets") or []:
        if name != "*" and index.features(name) is None:
            raise Refused(400, "invalid_search_facets", f"Invalid facet distribution: Pattern `{name}` is not filterable.")
    searchable = index.settings["searchableAttributes"]
    for name in body.get("attributesToSearchOn") or []:
        if searchable != ["*"] and name not in searchable:
            raise Refused(400, "invalid_search_attributes_to_search_on", f"Index `{uid}`: Attribute `{name}` is not searchable.")
    for name in sorted(NOT_PLAYED & set(body)):
        raise not_played(name)


def _universe(uid: str, index: Index, body: dict[str, Any], rule: dict[str, Any], code: str) -> int:
    try:
        trees = [t for t in (read_any(rule.get("filter")), read_any(body.get("filter"))) if t]
        return index.matching(Node("AND", tuple(trees)) if trees else None)
    except FilterRefused as refused:
        raise Refused(400, code, f"Index `{uid}`: {refused}") from refused


def search(state: State, uid: str, body: Any, rule: dict[str, Any], extra: tuple[str, ...] = ()) -> dict[str, Any]:
    body = check_fields(body, [*extra, *SEARCH_FIELDS])
    index = state.index(uid)
    _check(uid, index, body)
    sizes = {name: _number(body, name, None) for name in ("offset", "limit", "page", "hitsPerPage")}
    line = body.get("q") or ""
    mask = _universe(uid, index, body, rule, "invalid_search_filter") & index.asked(line, body.get("matchingStrategy", "last"))
    sort = tuple(body.get("sort") or ())
    most = index.settings["pagination"]["maxTotalHits"]
    total = min(mask.bit_count(), most)
    answer: dict[str, Any] = {"hits": [], "query": line, "processingTimeMs": 0}
    if sizes["page"] is not None or sizes["hitsPerPage"] is not None:
        page, size = sizes["page"] if sizes["page"] is not None else 1, sizes["hitsPerPage"] if sizes["hitsPerPage"] is not None else 20
        offset, limit = max(page - 1, 0) * size, size if page else 0
        answer |= {"hitsPerPage": size, "page": page, "totalPages": -(-total // size) if size else 0, "totalHits": total}
    else:
        offset, limit = sizes["offset"] or 0, sizes["limit"] if sizes["limit"] is not None else 20
        answer |= {"limit": limit, "offset": offset, "estimatedTotalHits": total}
    limit = max(0, min(limit, most - offset))
    answer["hits"] = [_shown(index, d, body.get("attributesToRetrieve")) for d in index.page(mask, sort, offset, limit)]
    if body.get("facets") is not None:
        answer |= _facets(index, mask, body["facets"])
    return answer | {"requestUid": str(uuid.uuid4())}


def _shown(index: Index, document: dict[str, Any], wanted: list[str] | None) -> dict[str, Any]:
    displayed = index.settings["displayedAttributes"]
    return {name: value for name, value in document.items()
            if (displayed == ["*"] or name in displayed) and (wanted is None or wanted == ["*"] or name in wanted)}


def _facets(index: Index, mask: int, wanted: list[str]) -> dict[str, Any]:
    names = [n for n in index.postings.facets if index.features(n)] if wanted == ["*"] else wanted
    counts = {name: index.counts(mask, name) for name in sorted(names)}
    stats = {}
    for name, values in counts.items():
        numbers = [float(v) for v in values if v.lstrip("-").isdigit()]
        if numbers and len(numbers) == len(values):
            stats[name] = {"min": min(numbers), "max": max(numbers)}
    return {"facetDistribution": counts, "facetStats": stats}


def multi_search(state: State, body: Any, rules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    body = check_fields(body, ["queries", "federation"])
    if body.get("federation") is not None:
        raise not_played("federation")
    results = []
    for query in body["queries"]:
        uid = query["indexUid"]
        results.append({"indexUid": uid} | search(state, uid, query, rules[uid], ("indexUid",)))
    return {"results": results}


def facet_search(state: State, uid: str, body: Any, rule: dict[str, Any]) -> dict[str, Any]:
    body = check_fields(body, ["facetName", "facetQuery", "q", "filter", "matchingStrategy", "attributesToSearchOn"])
    index, name = state.index(uid), body["facetName"]
    features = index.features(name)
    if not features or not features["facetSearch"]:
        raise Refused(400, "invalid_facet_search_facet_name", f"Attribute `{name}` is not facet-searchable.")
    mask = _universe(uid, index, body, rule, "invalid_search_filter")
    begin = facet_text(body.get("facetQuery") or "")
    hits = [{"value": v, "count": c} for v, c in index.counts(mask, name).items() if facet_text(v).startswith(begin)]
    return {"facetHits": hits, "facetQuery": body.get("facetQuery"), "processingTimeMs": 0}
