"""One Hypothesis profile for all tests, and data that must be there where they are required."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


def pytest_configure() -> None:
    """Refuse to run with another profile: deadlines make compiled code flaky."""
    if settings.default.deadline is not None:
        raise pytest.UsageError("the Hypothesis profile 'house' is not active")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn skips into failures where MECHANISM_REQUIRE_DATA, or _BROWSER, says that what they need is here."""
    report = yield
    needed = "MECHANISM_REQUIRE_BROWSER" if "report_browser" in item.nodeid else "MECHANISM_REQUIRE_DATA"
    if report.skipped and os.environ.get(needed) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although {needed} is set: {report.longrepr}"
    return report
