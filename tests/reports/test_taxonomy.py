import io
import zipfile
from pathlib import Path

import pytest
from arelle.api.Session import Session
from arelle.RuntimeOptions import RuntimeOptions

from portal.reports import taxonomy
from portal.reports.concepts import BASE, PACKAGE, PREFIX, XBRL_DIR, concepts
from portal.reports.formula import compile_rules, severities
from portal.reports.package import report_package, taxonomy_zip, zipped


def test_the_tree_that_is_checked_in_is_what_the_sources_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert taxonomy.differences(taxonomy.build()) == []
    assert taxonomy.main(["--check"]) == 0
    assert "as the sources give them" in capsys.readouterr().out


def test_a_stale_tree_is_named_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(taxonomy, "PACKAGE_DIR", tmp_path / PACKAGE)
    assert taxonomy.main(["--check"]) == 1
    assert f"differs: {PACKAGE}/META-INF/catalog.xml" in capsys.readouterr().out
    assert taxonomy.main([]) == 0
    (tmp_path / PACKAGE / "stray.txt").write_text("x")
    assert taxonomy.differences(taxonomy.build()) == [f"{PACKAGE}/stray.txt"]


def test_the_folder_holds_data_only():
    assert [path.name for path in XBRL_DIR.rglob("*.py")] == []


def test_nothing_in_the_package_claims_acceptance():
    text = b"".join(taxonomy.build().values()).decode()
    assert "未经任何交易场所或监管机构认可" in text
    assert "NEEQ" not in text and "全国股转" not in text


def test_zips_depend_on_names_and_contents_alone():
    one = zipped({"b": b"2", "a": b"1"})
    assert one == zipped({"a": b"1", "b": b"2"})
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert [(entry.filename, entry.date_time) for entry in archive.infolist()] == [("a", (1980, 1, 1, 0, 0, 0)), ("b", (1980, 1, 1, 0, 0, 0))]
    for name in ("", "../x", "a/b", "年报"):
        with pytest.raises(ValueError):
            report_package(b"", name)


def test_rules_carry_their_severity_and_each_required_concept_has_one():
    found = severities(taxonomy.rules_text())
    required = {f"ZB_REQ_{concept.name}" for concept in concepts().values() if concept.required}
    assert {name for name in found if name.startswith("ZB_REQ_")} == required
    assert {name for name, severity in found.items() if severity == "WARNING"} == {"ZB_IS_001"}


def test_rules_that_do_not_compile_are_refused():
    with pytest.raises(ValueError, match="syntaxError"):
        compile_rules("assertion-set x { assertion Y { variable $a { concept-name }; };")


def test_the_taxonomy_itself_is_valid_by_the_strict_checks_of_arelle(tmp_path: Path):
    package = tmp_path / "taxonomy.zip"
    package.write_bytes(taxonomy_zip())
    options = RuntimeOptions(
        entrypointFile=f"{BASE}{PREFIX}.xsd", packages=[str(package)], internetConnectivity="offline", disablePersistentConfig=True, validate=True,
        baseTaxonomyValidationMode="all", calcs="c11r", logFile="logToStructuredMessage", logPropagate=False,
    )  # fmt: skip
    with Session() as session:
        session.run(options)
        messages = [(message["levelname"], message["messageCode"], str(message["msg"])) for message in session.get_log_messages()]
    # there is no report here, so the rules of what must be filled in speak, and nothing else does
    spoken = {code for level, code, _ in messages if level not in ("DEBUG", "INFO")}
    assert spoken == {f"message:ZB_REQ_{concept.name}" for concept in concepts().values() if concept.required}
    assert any(text.startswith("validated in") for _, _, text in messages)
