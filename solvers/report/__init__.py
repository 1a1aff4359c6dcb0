"""A page about a designed campaign: what it recruits, what is proved of it and how to get the same again."""

from solvers.report.page import report_html, write_report
from solvers.report.provenance import Provenance

__all__ = ["Provenance", "report_html", "write_report"]
