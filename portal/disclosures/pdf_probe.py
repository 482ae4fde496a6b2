"""Opens one PDF in a process of its own, within bounds of time and memory: a malformed file must not take the server along.

Run as a script: PDF on standard input, one word and a number on standard output: `ok 12`, `locked 0`, `broken 0`.
"""

import resource
import sys

import pypdfium2
from pypdfium2 import raw

MEMORY = 1 << 30  # octets of address space
SECONDS = 8  # of processor time


def probe(data: bytes) -> tuple[str, int]:
    """State and number of pages of a PDF."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return ("locked" if "password" in str(error).lower() else "broken"), 0
    # An empty user password opens the file here but leaves it encrypted, with permissions nobody here could keep.
    if raw.FPDF_GetSecurityHandlerRevision(document.raw) != -1:
        return "locked", 0
    pages = len(document)
    if pages:
        document[0].get_size()  # the page tree leads somewhere
    return "ok", pages


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file, and no core
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        word, pages = probe(sys.stdin.buffer.read())
    except (pypdfium2.PdfiumError, MemoryError, ValueError):
        word, pages = "broken", 0
    sys.stdout.write(f"{word} {pages}\n")


if __name__ == "__main__":
    main()
