"""The schema of the taxonomy: one element per concept, plus what carries dimensions and the enumeration. Build time only."""

from lxml import etree

from portal.reports.concepts import NAMESPACE, PREFIX, Concept, ReportKind, concepts, roles

NS = {
    "xsd": "http://www.w3.org/2001/XMLSchema", "xbrli": "http://www.xbrl.org/2003/instance", "link": "http://www.xbrl.org/2003/linkbase",
    "xlink": "http://www.w3.org/1999/xlink", "xbrldt": "http://xbrl.org/2005/xbrldt", "enum2": "http://xbrl.org/2020/extensible-enumerations-2.0",
    "dtr": "http://www.xbrl.org/dtr/type/2022-03-31", PREFIX: NAMESPACE,
}  # fmt: skip
IMPORTS = {
    "xbrli": "http://www.xbrl.org/2003/xbrl-instance-2003-12-31.xsd", "xbrldt": "http://www.xbrl.org/2005/xbrldt-2005.xsd",
    "dtr": "https://www.xbrl.org/dtr/type/2022-03-31/types.xsd", "enum2": "https://www.xbrl.org/2020/extensible-enumerations-2.0.xsd",
}  # fmt: skip
LINKBASES = (
    ("label", "lab-zh"), ("label", "lab-en"), ("presentation", "pre"), ("calculation", "cal"), ("definition", "def"), ("", "formula"),
)  # fmt: skip
LINKBASE_ARCROLE = "http://www.w3.org/1999/xlink/properties/linkbase"
USCC_TYPE = "unifiedSocialCreditCodeItemType"
USCC_PATTERN = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
TYPES = {
    "abstract": "xbrli:stringItemType", "string": "xbrli:stringItemType", "monetary": "xbrli:monetaryItemType", "date": "xbrli:dateItemType",
    "boolean": "xbrli:booleanItemType", "integer": "xbrli:nonNegativeIntegerItemType", "textblock": "dtr:textBlockItemType",
    "pershare": "dtr:perShareItemType", "percent": "dtr:percentItemType", "shares": "xbrli:sharesItemType",
    "uscc": f"{PREFIX}:{USCC_TYPE}", "enum": "enum2:enumerationItemType",
}  # fmt: skip
REPORT_DOMAIN = "ReportTypeDomain"
# name, substitution group, type, Chinese, English
STRUCTURE = (
    ("StatementsTable", "xbrldt:hypercubeItem", "xbrli:stringItemType", "报表 [表]", "Statements [table]"),
    ("ConsolidatedAndSeparateAxis", "xbrldt:dimensionItem", "xbrli:stringItemType", "合并和母公司财务报表 [轴]", "Consolidated and separate [axis]"),
    ("ConsolidatedMember", "xbrli:item", "dtr:domainItemType", "合并 [成员]", "Consolidated [member]"),
    ("ParentMember", "xbrli:item", "dtr:domainItemType", "母公司 [成员]", "Parent company [member]"),
    (REPORT_DOMAIN, "xbrli:item", "dtr:domainItemType", "报告类型 [域]", "Report type [domain]"),
    (ReportKind.ANNUAL, "xbrli:item", "dtr:domainItemType", "年度报告", "Annual report"),
    (ReportKind.SEMI_ANNUAL, "xbrli:item", "dtr:domainItemType", "半年度报告", "Semi-annual report"),
    (ReportKind.QUARTERLY, "xbrli:item", "dtr:domainItemType", "季度报告", "Quarterly report"),
)


def q(name: str) -> str:
    """A prefixed name in lxml's notation."""
    prefix, _, local = name.partition(":")
    return f"{{{NS[prefix]}}}{local}"


def add(parent: etree._Element, tag: str, attributes: dict[str, str], text: str | None = None) -> etree._Element:
    """A child with prefixed tag and attribute names."""
    made = etree.SubElement(parent, q(tag), {q(key) if ":" in key else key: value for key, value in attributes.items()})
    made.text = text
    return made


def schema() -> etree._Element:
    """The schema document."""
    root = etree.Element(
        q("xsd:schema"), {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified", "attributeFormDefault": "unqualified"}, nsmap=NS
    )
    _app_info(add(add(root, "xsd:annotation", {}), "xsd:appinfo", {}))
    for prefix, location in IMPORTS.items():
        add(root, "xsd:import", {"namespace": NS[prefix], "schemaLocation": location})
    _credit_code_type(root)
    for concept in concepts().values():
        add(root, "xsd:element", _element(concept))
    for name, group, kind, *_ in STRUCTURE:
        plain = {"name": name, "id": f"{PREFIX}_{name}", "substitutionGroup": group, "type": kind}
        add(root, "xsd:element", plain | {"abstract": "true", "nillable": "true", "xbrli:periodType": "duration"})
    return root


def _app_info(info: etree._Element) -> None:
    for kind, name in LINKBASES:
        reference = {"xlink:type": "simple", "xlink:href": f"{PREFIX}-{name}.xml", "xlink:arcrole": LINKBASE_ARCROLE}
        add(info, "link:linkbaseRef", reference | ({"xlink:role": f"http://www.xbrl.org/2003/role/{kind}LinkbaseRef"} if kind else {}))
    for role in roles().values():
        made = add(info, "link:roleType", {"roleURI": role.uri, "id": f"role_{role.role}"})
        add(made, "link:definition", {}, f"[{role.number}] {role.zh}")
        for link in ("presentationLink", "calculationLink", "definitionLink"):
            add(made, "link:usedOn", {}, f"link:{link}")


def _credit_code_type(root: etree._Element) -> None:
    """The shape of a unified social credit code (GB 32100); the check character is tested by the portal, a pattern cannot."""
    made = add(root, "xsd:complexType", {"name": USCC_TYPE})
    limits = add(add(made, "xsd:simpleContent", {}), "xsd:restriction", {"base": "xbrli:stringItemType"})
    add(limits, "xsd:pattern", {"value": USCC_PATTERN})
    add(limits, "xsd:attributeGroup", {"ref": "xbrli:nonNumericItemAttrs"})


def _element(concept: Concept) -> dict[str, str]:
    made = {"name": concept.name, "id": f"{PREFIX}_{concept.name}", "type": TYPES[concept.type]}
    made |= {"substitutionGroup": "xbrli:item", "nillable": "true"}
    if concept.abstract:
        made["abstract"] = "true"
    if concept.type == "enum":
        made |= {"enum2:domain": f"{PREFIX}:{REPORT_DOMAIN}", "enum2:linkrole": roles()["ENUM"].uri}
    if concept.balance:
        made["xbrli:balance"] = concept.balance
    return made | {"xbrli:periodType": concept.period}
