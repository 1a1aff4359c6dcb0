"""Pages of the manual: their code runs as it stands, block by block, in one namespace."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def blocks_of(page):
    """Return the Python blocks of a page, in order."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def run(page):
    """Run the blocks of a page; return the names they leave."""
    names = {"__name__": "page"}
    for number, block in enumerate(blocks_of(page)):
        exec(compile(block, f"{page}, block {number}", "exec"), names)
    return names
