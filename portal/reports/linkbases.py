"""Labels, presentation, calculation and definition of the taxonomy. Build time only.

XBRL 2.1 linkbases; summation-item arcs of Calculations 1.1; one closed hypercube on `scenario` (Dimensions 1.0).
"""

from lxml import etree

from portal.reports.concepts import PREFIX, ReportKind, Role, lines, roles, totals
from portal.reports.schema import NS, REPORT_DOMAIN, STRUCTURE, add, q

LABEL_ROLE = "http://www.xbrl.org/2003/role/"
CONCEPT_LABEL = "http://www.xbrl.org/2003/arcrole/concept-label"
PARENT_CHILD = "http://www.xbrl.org/2003/arcrole/parent-child"
SUMMATION = "https://xbrl.org/2023/arcrole/summation-item"
DIMENSIONS = "http://xbrl.org/int/dim/arcrole/"
DIMENSION_ARCS = ("all", "hypercube-dimension", "dimension-domain", "domain-member", "dimension-default")
LANGUAGES = {"zh": ("zh-CN", "期初", "期末"), "en": ("en", "Opening: ", "Closing: ")}
PREFERRED = {"startend": ("periodStartLabel", "periodEndLabel"), "total": ("totalLabel",)}


class _Link:
    """One extended link; XLink allows one arc per pair of labels, so a repeated pair gets a second locator."""

    def __init__(self, root: etree._Element, tag: str, role: str) -> None:
        self.element = add(root, f"link:{tag}", {"xlink:type": "extended", "xlink:role": role})
        self.located: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()

    def locate(self, name: str, label: str | None = None) -> str:
        label = label or name
        if label not in self.located:
            self.located.add(label)
            add(self.element, "link:loc", {"xlink:type": "locator", "xlink:href": f"{PREFIX}.xsd#{PREFIX}_{name}", "xlink:label": label})
        return label

    def arc(self, tag: str, arcrole: str, source: str, target: str, order: float, **more: str) -> None:
        again, label = 1, target
        while (source, label) in self.pairs:
            again += 1
            label = f"{target}.{again}"
        self.pairs.add((source, label))
        ends = {"xlink:from": self.locate(source), "xlink:to": self.locate(target, label)}
        plain = {name.replace("__", ":"): value for name, value in more.items()}
        add(self.element, f"link:{tag}", {"xlink:type": "arc", "xlink:arcrole": arcrole, **ends, "order": f"{order:g}", **plain})


def _linkbase(*prefixes: str) -> etree._Element:
    return etree.Element(q("link:linkbase"), nsmap={prefix: NS[prefix] for prefix in ("link", "xlink", *prefixes)})


def _refer(root: etree._Element, used: list[Role]) -> None:
    for role in used:
        add(root, "link:roleRef", {"roleURI": role.uri, "xlink:type": "simple", "xlink:href": f"{PREFIX}.xsd#role_{role.role}"})


def labels(language: str) -> etree._Element:
    """The labels of one language (zh or en): standard, total, opening and closing."""
    code, opening, closing = LANGUAGES[language]
    root = _linkbase()
    link = _Link(root, "labelLink", f"{LABEL_ROLE}link")

    def put(name: str, texts: dict[str, str]) -> None:
        for role, text in texts.items():
            resource = {"xlink:type": "resource", "xlink:label": f"lab_{name}", "xlink:role": LABEL_ROLE + role}
            resource["id"] = f"lab_{name}_{role}_{language}"
            add(link.element, "link:label", resource, text).set("{http://www.w3.org/XML/1998/namespace}lang", code)
        ends = {"xlink:from": link.locate(name), "xlink:to": f"lab_{name}"}
        add(link.element, "link:labelArc", {"xlink:type": "arc", "xlink:arcrole": CONCEPT_LABEL, **ends})

    for statement in roles():
        for concept in lines(statement):
            text = getattr(concept, language)
            shown = {"startend": {"periodStartLabel": opening + text, "periodEndLabel": closing + text}, "total": {"totalLabel": text}}
            put(concept.name, {"label": text} | shown.get(concept.preferred, {}))
    for name, _, _, zh, en in STRUCTURE:
        put(name, {"label": zh if language == "zh" else en})
    return root


def presentation() -> etree._Element:
    """The order of lines in each statement, as the table of concepts has it."""
    root = _linkbase()
    used = [role for code, role in roles().items() if lines(code)]
    _refer(root, used)
    for role in used:
        link = _Link(root, "presentationLink", role.uri)
        for order, concept in enumerate(lines(role.code), 1):
            for step, preferred in enumerate(PREFERRED.get(concept.preferred, ("",))):
                more = {"preferredLabel": LABEL_ROLE + preferred} if preferred else {}
                if concept.parent:
                    link.arc("presentationArc", PARENT_CHILD, concept.parent, concept.name, order + step / 2, **more)
    return root


def calculation() -> etree._Element:
    """Every summation; a total broken down in several ways has each breakdown in a role of its own."""
    root = _linkbase()
    used = [role for code, role in roles().items() if any(group == code for _, group in totals())]
    _refer(root, used)
    place = {"xlink:type": "simple", "xlink:href": "https://www.xbrl.org/2023/calculation-1.1.xsd#summation-item"}
    add(root, "link:arcroleRef", {"arcroleURI": SUMMATION, **place})
    for role in used:
        link = _Link(root, "calculationLink", role.uri)
        for (total, group), parts in totals().items():
            for order, (part, weight) in enumerate(parts, 1):
                if group == role.code:
                    link.arc("calculationArc", SUMMATION, total, part.name, order, weight=str(weight))
    return root


def definition() -> etree._Element:
    """The hypercube of every statement (consolidated by default, or parent) and the domain of report kinds."""
    root = _linkbase("xbrldt")
    used = [role for code, role in roles().items() if lines(code)]
    _refer(root, [*used, roles()["ENUM"]])
    for arc in DIMENSION_ARCS:
        place = {"arcroleURI": DIMENSIONS + arc, "xlink:type": "simple", "xlink:href": f"http://www.xbrl.org/2005/xbrldt-2005.xsd#{arc}"}
        add(root, "link:arcroleRef", place)
    for role in used:
        _cube(_Link(root, "definitionLink", role.uri), role)
    link = _Link(root, "definitionLink", roles()["ENUM"].uri)
    for order, member in enumerate(ReportKind, 1):
        link.arc("definitionArc", f"{DIMENSIONS}domain-member", REPORT_DOMAIN, member, order)
    return root


def _cube(link: _Link, role: Role) -> None:
    mine = lines(role.code)
    top, table, axis, default = mine[0].name, "StatementsTable", "ConsolidatedAndSeparateAxis", "ConsolidatedMember"
    link.arc("definitionArc", f"{DIMENSIONS}all", top, table, 1, xbrldt__closed="true", xbrldt__contextElement="scenario")
    link.arc("definitionArc", f"{DIMENSIONS}hypercube-dimension", table, axis, 1)
    link.arc("definitionArc", f"{DIMENSIONS}dimension-domain", axis, default, 1)
    link.arc("definitionArc", f"{DIMENSIONS}dimension-default", axis, default, 1)
    link.arc("definitionArc", f"{DIMENSIONS}domain-member", default, "ParentMember", 1)
    for order, concept in enumerate(mine[1:], 1):
        link.arc("definitionArc", f"{DIMENSIONS}domain-member", concept.parent, concept.name, order)
