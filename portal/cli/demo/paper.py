"""A small PDF of fictional content for the demo's disclosures."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from portal.config import STATIC

FONT = "NotoSansSC"
LINE, LEFT, TOP, BOTTOM = 7 * mm, 22 * mm, 270 * mm, 25 * mm
WIDTH = 40  # Chinese characters on a line


def pdf(title: str, enterprise: str, paragraphs: list[str]) -> bytes:
    """A plain A4 document: title, the enterprise's name, paragraphs; every page says that it is a demonstration."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, STATIC / "vendor" / "fonts" / "NotoSansSC-Regular.ttf"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setTitle(title)
    canvas.setAuthor(enterprise)
    at = _head(canvas, title, enterprise)
    for paragraph in paragraphs:
        for start in range(0, len(paragraph), WIDTH):
            if at < BOTTOM:
                canvas.showPage()
                at = _head(canvas, title, enterprise)
            canvas.drawString(LEFT, at, paragraph[start : start + WIDTH])
            at -= LINE
        at -= LINE / 2
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, title: str, enterprise: str) -> float:
    canvas.setFont(FONT, 9)
    canvas.drawString(LEFT, 15 * mm, "演示文件：企业、人物与数字均为虚构")
    canvas.setFont(FONT, 16)
    canvas.drawString(LEFT, TOP, title)
    canvas.setFont(FONT, 10.5)
    canvas.drawString(LEFT, TOP - 9 * mm, enterprise)
    return TOP - 22 * mm
