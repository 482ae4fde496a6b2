"""What an upload must be before it is given to anybody."""

from io import BytesIO

import pypdfium2
import pytest

from portal.core.errors import Invalid
from portal.disclosures import pdf
from tests.disclosures.conftest import pdf as made


def refusal(data: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        pdf.check(data)
    assert list(refused.value.fields) == ["file"]
    return refused.value.fields["file"]


def test_a_real_pdf_gives_its_pages() -> None:
    assert pdf.check(made(3)) == 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "文件是空的。选一个有内容的 PDF。"),
        (b"PK\x03\x04" + b"x" * 2000, "这不是 PDF 文件。把原文件另存为 PDF 再上传。"),
        (b"%PDF-1.7\n" + b"x" * 5000, "这个 PDF 打不开或没有页：文件不完整或已损坏。重新导出后再上传。"),
        (b"%PDF-1.7\n" + b"\0" * pdf.MAX_SIZE, "文件超过 20 MB。把它变小或分成几份再上传。"),
    ],
)
def test_what_is_no_pdf_is_refused(data: bytes, sentence: str) -> None:
    assert refusal(data) == sentence


@pytest.mark.parametrize("password", ["secret", ""])
def test_an_encrypted_pdf_is_refused(password: str) -> None:
    """Also one that opens without a password: its permissions could not be kept."""
    assert refusal(made(1, password=password)) == "这个 PDF 有密码或加密，对方会打不开。去掉密码后再上传。"


def test_too_many_pages_and_none() -> None:
    assert refusal(made(1001)) == "这个 PDF 超过 1000 页。分成几份再上传。"
    empty = BytesIO()
    pypdfium2.PdfDocument.new().save(empty)
    assert refusal(empty.getvalue()) == "这个 PDF 打不开或没有页：文件不完整或已损坏。重新导出后再上传。"


def test_truncated_halves_do_not_take_the_server_along() -> None:
    whole = made(5)
    for cut in range(60, len(whole), 97):
        try:
            assert 0 < pdf.check(whole[:cut]) <= 5  # a reader may mend a cut file
        except Invalid as refused:
            assert "file" in refused.fields
        if cut > 900:
            break


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("月报.pdf", "月报.pdf"),
        ("C:\\fakepath\\月报.PDF", "月报.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("a\u202egnp.pdf", "agnp.pdf"),
        ("  两  段\r\nX: y.pdf ", "两 段X y.pdf"),
        ("\x00.pdf", "附件.pdf"),
        ("", "附件.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert pdf.clean_name(given) == kept
