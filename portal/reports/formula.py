"""Rules in readable XF text to an XBRL formula linkbase, with Arelle's own compiler. Build time only: imports Arelle.

The compiler (arelle.plugin.formulaLoader) leaves four defects, mended here: parameter references become the wrong arc,
severities are dropped, generic labels get the wrong namespace, and the role of messages is not declared.
"""

import builtins
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

from arelle.plugin import formulaLoader
from lxml import etree

LINK = "http://www.xbrl.org/2003/linkbase"
XLINK = "http://www.w3.org/1999/xlink"
GENERIC = "http://xbrl.org/2008/generic"
LABEL = "http://xbrl.org/2008/label"
VARIABLE = "http://xbrl.org/2008/variable"
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
SEVERITY_ARCROLE = "http://xbrl.org/arcrole/2022/assertion-unsatisfied-severity"
MESSAGE_ROLE = "http://www.xbrl.org/2010/role/message"
ASSERTION = re.compile(r"\bassertion\s+(\w+)\s*\{")
SEVERITY = re.compile(r"unsatisfied-severity\s+(ERROR|WARNING|OK)\s*;")


class _Controller:
    """What the compiler asks of Arelle's controller: to be told where it is."""

    def showStatus(self, *_args: Any, **_named: Any) -> None:  # noqa: N802
        return


def severities(source: str) -> dict[str, str]:
    """The severity written inside each assertion of an XF text; ERROR where none is written."""
    starts = list(ASSERTION.finditer(source))
    ends = [match.start() for match in starts[1:]] + [len(source)]
    found = {}
    for match, end in zip(starts, ends):
        written = SEVERITY.search(source, match.end(), end)
        found[match[1]] = written[1] if written else "ERROR"
    return found


def compile_rules(source: str) -> bytes:
    """The formula linkbase of an XF text. Raises ValueError with the compiler's words when the text has an error."""
    root = _compiled(source)
    generic = root.find(f"{{{LINK}}}link")
    generic = root.find(f"{{{GENERIC}}}link") if generic is None else generic
    for arc in list(generic.iter(f"{{{VARIABLE}}}variableSetFilterArc")):
        if arc.get("name", "").startswith("$"):
            arc.tag = f"{{{VARIABLE}}}variableArc"
            arc.set("name", arc.get("name")[1:])
    for label in generic.iter(f"{{{GENERIC}}}label"):
        label.tag = f"{{{LABEL}}}label"
    _declare(root)
    _add_severities(generic, severities(source))
    more = f" {LABEL} http://www.xbrl.org/2008/generic-label.xsd {GENERIC} http://www.xbrl.org/2008/generic-link.xsd"
    root.set(SCHEMA_LOCATION, (root.get(SCHEMA_LOCATION, "") + more).strip())
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _compiled(source: str) -> etree._Element:
    wrong: list[str] = []

    def log(level: str, code: str, message: str, **named: Any) -> None:
        if level == "ERROR":
            wrong.append(f"{code}: {message % named}")

    builtins._ = getattr(builtins, "_", str)  # the compiler expects gettext's name to be installed
    formulaLoader.omitSourceLineAttributes = True
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "rules.xf"
        path.write_text(source, encoding="utf-8")
        formulaLoader.parse(_Controller(), log, [str(path)])
        made = path.with_name("rules-formula.xml")
        if wrong or not made.exists():
            raise ValueError("; ".join(wrong) or "the rules gave no linkbase")
        return etree.fromstring(made.read_bytes(), etree.XMLParser(remove_blank_text=True, remove_comments=True))


def _declare(root: etree._Element) -> None:
    first = root.find(f"{{{LINK}}}arcroleRef")
    for tag, name, uri, href in (
        ("roleRef", "roleURI", MESSAGE_ROLE, "http://www.xbrl.org/2010/generic-message.xsd#standard-message"),
        ("arcroleRef", "arcroleURI", SEVERITY_ARCROLE, "http://www.xbrl.org/2022/assertion-severity.xsd#assertion-unsatisfied-severity"),
    ):
        first.addprevious(etree.Element(f"{{{LINK}}}{tag}", {name: uri} | _xlink(type="simple", href=href)))


def _add_severities(generic: etree._Element, severity: dict[str, str]) -> None:
    for name in sorted(set(severity.values())):
        place = _xlink(type="locator", href=f"http://www.xbrl.org/2022/severities.xml#{name}", label=name)
        etree.SubElement(generic, f"{{{LINK}}}loc", place)
    for made in list(generic):
        if isinstance(made.tag, str) and made.tag.endswith(("valueAssertion", "existenceAssertion", "consistencyAssertion")):
            ends = {"from": made.get(f"{{{XLINK}}}label"), "to": severity[made.get("id")]}
            etree.SubElement(generic, f"{{{GENERIC}}}arc", _xlink(type="arc", arcrole=SEVERITY_ARCROLE, **ends))


def _xlink(**attributes: str) -> dict[str, str]:
    return {f"{{{XLINK}}}{name}": value for name, value in attributes.items()}
