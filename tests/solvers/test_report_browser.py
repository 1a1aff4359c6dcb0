"""The page of a report in a real browser: it fits, it speaks to no network, and it can be read and reached by all."""

import base64
import fcntl
import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mechanism import Recursive
from solvers import frontier, recruit
from solvers.report import Provenance, write_report
from solvers.report.forest import same_worlds
from tests.solvers.designs import small_campaign

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = importlib.util.find_spec("axe_core_python")
PATIENCE = 60  # seconds
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
    pytest.mark.skipif(sys.platform == "win32", reason="the browser is driven through pipes with numbers"),
]
WIDTHS = (360, 1280)


# The browser reads commands from file 3 and answers on file 4.
_START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """Chromium without a window, driven through a pair of pipes in its own protocol."""

    def __init__(self, folder):
        read, self._out = self._pipe()
        self._in, write = self._pipe()
        command = [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        command += ["--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", _START, str(read), str(write), *command],
            pass_fds=(read, write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        self._rest, self._number, self._session, self.events = b"", 0, None, []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self(f"{domain}.enable")

    @staticmethod
    def _pipe():
        ends = os.pipe()
        moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]  # off the numbers 3 and 4
        for end in ends:
            os.close(end)
        return moved

    def _message(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._in, 1 << 16)
            if not part:
                raise ConnectionError("the browser has gone")
            self._rest += part
        first, _, self._rest = self._rest.partition(b"\0")
        return json.loads(first)

    def __call__(self, method, **parameters):
        """Send a command and return its result; what happens meanwhile is kept in `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def open(self, path, *, width, dark=False):
        """Open a file at a width and wait until it is there."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self("Page.navigate", url=Path(path).as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message())

    def value(self, expression):
        """Return the value of an expression, or of the promise that it is."""
        answer = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self):
        """Return the whole page as a PNG."""
        data = self("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        return base64.b64decode(data)

    def close(self):
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._in)
        os.close(self._out)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with every section, and labels as long as they come."""
    campaign = small_campaign(n=60, depth=2, prize=300.0, find=0.02, targets=3)
    result = frontier(campaign, [0], rng=1)
    found = result.designs[0].recruitment
    today = recruit(campaign, Recursive(0.5), replicates=found.replicates, rng=same_worlds(found))
    return write_report(
        tmp_path_factory.mktemp("report") / "page.html",
        frontier=result,
        recruitment=today,
        title="A_title_" + "without_a_space_" * 8,
        provenance=Provenance(
            network="n" * 90, sha256="f" * 64, seed=1, command="mechanism report " + "x" * 200
        ),
    )


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    started = Browser(tmp_path_factory.mktemp("browser"))
    yield started
    started.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_and_tables_scroll_on_their_own(browser, page, width):
    browser.open(page, width=width)
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    browser.value("scrollTo(1000, 0)")
    assert browser.value("scrollX") == 0
    wider = browser.value(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert wider >= (4 if width == 360 else 1)
    scales = (
        "[...document.querySelectorAll('figure > svg')].map(e => e.clientWidth / e.viewBox.baseVal.width)"
    )
    smallest = 12 * min(browser.value(scales))
    assert smallest >= 9  # pixels, the height of the text in pictures


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_speaks_to_nobody_and_has_no_errors(browser, page, dark):
    browser.open(page, width=1280, dark=dark)
    events = {event["method"]: event["params"] for event in browser.events}
    assert not {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"} & set(events)
    asked = [
        e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [page.as_uri()]
    colours = browser.value("[document.documentElement, document.querySelector('.bar')].map(e => getComputedStyle(e))"
                            ".map(s => [s.backgroundColor, s.fill])")  # fmt: skip
    assert colours[0][0] == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
    assert colours[1][1] == ("rgb(108, 182, 245)" if dark else "rgb(0, 95, 158)")


def test_a_script_in_the_page_would_not_run(browser, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    planted = tmp_path / "planted.html"
    planted.write_text(
        text.replace("</main>", "<script>document.title = 'run'</script></main>"), encoding="utf-8"
    )
    browser.open(planted, width=1280)
    assert browser.value("document.title").startswith("A_title_")
    assert any(event["method"] == "Log.entryAdded" for event in browser.events)  # such errors are seen here


@pytest.mark.skipif(AXE is None, reason="no axe-core: pip install axe-core-python")
@pytest.mark.parametrize("width, dark", [(360, False), (1280, True)])
def test_axe_finds_no_barrier(browser, page, width, dark):
    browser.open(page, width=width, dark=dark)
    browser.value((Path(AXE.origin).parent / "axe.min.js").read_text(encoding="utf-8") + "; 0")
    found, passed = browser.value(
        "axe.run().then(r => [r.violations.map(v => [v.id, v.nodes.map(n => n.html)]), r.passes.map(p => p.id)])"
    )
    assert found == []
    assert "color-contrast" in passed
    browser.value("document.querySelector('h1').style.color = 'var(--panel)'")
    seen = browser.value("axe.run('header', {runOnly: ['color-contrast']}).then(r => r.violations.length)")
    assert seen == 1  # it does find barriers


def test_the_keyboard_reaches_everything(browser, page):
    browser.open(page, width=360)
    wanted = browser.value("document.querySelectorAll('a, [tabindex=\"0\"]').length")
    seen = []
    for _ in range(wanted):
        browser.press("Tab", 9)
        seen.append(
            browser.value(
                "(e => [e.outerHTML.slice(0, 80), (e.getAttribute('aria-label') || e.textContent).trim(),"
                " parseFloat(getComputedStyle(e).outlineWidth), e.getBoundingClientRect().left >= 0])"
                "(document.activeElement)"
            )
        )
    assert seen[0][1] == "Skip to the content"
    assert all(name and outline >= 2 and visible for _, name, outline, visible in seen), seen
    assert sum(box.startswith('<div class="scroll"') for box, *_ in seen) >= 8
    browser.open(page, width=360)
    browser.press("Tab", 9)
    browser.press("Enter", 13)
    assert browser.value("[location.hash, document.activeElement.id]") == ["#content", "content"]


def test_certificates_are_saved_without_a_network(browser, page, tmp_path):
    browser.open(page, width=1280)
    browser("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path), eventsEnabled=True)
    browser.value("document.querySelector('a[download=\"certificate.json\"]').click()")
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "certificate.json").exists() and time.monotonic() < deadline:
        browser.value("0")
        time.sleep(0.05)
    saved = json.loads((tmp_path / "certificate.json").read_text(encoding="utf-8"))
    assert saved["claims"]


def test_the_page_prints_within_the_paper(browser, page):
    browser.open(page, width=1280, dark=True)
    browser("Emulation.setEmulatedMedia", media="print")
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.value("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    browser("Emulation.setEmulatedMedia", media="")
    printed = base64.b64decode(browser("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF-")
