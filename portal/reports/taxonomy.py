"""The taxonomy package from its sources: `xbrl/concepts.csv`, `xbrl/roles.csv` and `xbrl/rules.xf`. Build time only.

`python -m portal.reports.taxonomy` writes the tree under `xbrl/packages/`; `--check` says whether the tree that is checked
in is what the sources give. XBRL 2.1, Dimensions 1.0, Calculations 1.1, Extensible Enumerations 2.0, Formula 1.0.
"""

import argparse
import shutil
import sys

from lxml import etree

from portal.reports.concepts import BASE, PACKAGE, PREFIX, TAXONOMY_DATE, XBRL_DIR, concepts
from portal.reports.formula import compile_rules
from portal.reports.linkbases import calculation, definition, labels, presentation
from portal.reports.package import PACKAGE_DIR, read_tree
from portal.reports.schema import schema

TITLE = "专板定期报告分类标准（示例）"
NOTE = "自有命名空间的示例分类标准，供本门户的报告使用；未经任何交易场所或监管机构认可。"


def rules_text() -> str:
    """The rules with one existence rule for each required concept, so that `concepts.csv` alone decides what is required."""
    rule = (
        '  assertion ZB_REQ_{name} {{\n     label (zh-CN) "必须填写{zh}";\n'
        '     unsatisfied-message (zh-CN) "{zh}没有填写。";\n'
        '     unsatisfied-message (en) "{en} is missing";\n'
        '     variable $given {{ concept-name zb:{name}; }};\n     evaluation-count {{ . >= 1 }};\n  }};\n'
    )
    required = [concept for concept in concepts().values() if concept.required]
    text = "\n".join(rule.format(name=concept.name, zh=concept.zh, en=concept.en) for concept in required)
    return (XBRL_DIR / "rules.xf").read_text(encoding="utf-8").replace("(:REQUIRED:)", text)


def package_xml() -> bytes:
    """META-INF/taxonomyPackage.xml (Taxonomy Packages 1.0)."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<tp:taxonomyPackage xmlns:tp="http://xbrl.org/2016/taxonomy-package" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://xbrl.org/2016/taxonomy-package http://www.xbrl.org/2016/taxonomy-package.xsd" xml:lang="zh-CN">
  <tp:identifier>{BASE}{PACKAGE}.zip</tp:identifier>
  <tp:name>{TITLE}</tp:name>
  <tp:description>{NOTE}</tp:description>
  <tp:version>{TAXONOMY_DATE}</tp:version>
  <tp:publicationDate>{TAXONOMY_DATE}</tp:publicationDate>
  <tp:entryPoints>
    <tp:entryPoint>
      <tp:name>定期报告（年度、半年度、季度）</tp:name>
      <tp:entryPointDocument href="{BASE}{PREFIX}.xsd"/>
    </tp:entryPoint>
  </tp:entryPoints>
</tp:taxonomyPackage>
""".encode()


def catalog_xml() -> bytes:
    """META-INF/catalog.xml: our addresses are files of the package, so that nothing is ever fetched."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <rewriteURI uriStartString="{BASE}" rewritePrefix="../taxonomy/{TAXONOMY_DATE}/"/>
</catalog>
""".encode()


def build() -> dict[str, bytes]:
    """Every file of the package by its path, the package's folder first in each. Raises ValueError when the rules do not compile."""
    folder = f"{PACKAGE}/taxonomy/{TAXONOMY_DATE}/{PREFIX}"
    made = {
        f"{folder}.xsd": schema(), f"{folder}-lab-zh.xml": labels("zh"), f"{folder}-lab-en.xml": labels("en"),
        f"{folder}-pre.xml": presentation(), f"{folder}-cal.xml": calculation(), f"{folder}-def.xml": definition(),
    }  # fmt: skip
    files = {name: _written(root) for name, root in made.items()}
    files[f"{folder}-formula.xml"] = compile_rules(rules_text())
    files[f"{PACKAGE}/META-INF/taxonomyPackage.xml"] = package_xml()
    files[f"{PACKAGE}/META-INF/catalog.xml"] = catalog_xml()
    return dict(sorted(files.items()))


def _written(root: etree._Element) -> bytes:
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def differences(files: dict[str, bytes]) -> list[str]:
    """The paths at which the tree that is checked in is not these files."""
    present = read_tree(PACKAGE_DIR)
    return sorted(name for name in files.keys() | present.keys() if files.get(name) != present.get(name))


def write(files: dict[str, bytes]) -> None:
    """Replaces the tree under `xbrl/packages/`."""
    shutil.rmtree(PACKAGE_DIR, ignore_errors=True)
    for name, data in files.items():
        path = PACKAGE_DIR.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.reports.taxonomy", description="Build the XBRL taxonomy package from its sources.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the tree is not what the sources give")
    check = parser.parse_args(arguments).check
    files = build()
    stale = differences(files)
    if check:
        print("\n".join(f"differs: {name}" for name in stale) or f"{PACKAGE}: {len(files)} files as the sources give them")
        return 1 if stale else 0
    write(files)
    print(f"{PACKAGE}: {len(files)} files, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
