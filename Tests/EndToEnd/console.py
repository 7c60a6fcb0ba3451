"""A real headless browser, and what tests do with it."""

import shutil
import uuid

import pytest

from conftest import missing, require
from processes import ROOT, WORK, wait_until

SCREENSHOTS = ROOT / ".test"
BROWSER_FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--window-size=1280,900",
]


@pytest.fixture
def browser():
    require(missing("chromium", "chromedriver"))
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = WORK / f"browser-{uuid.uuid4()}"
    for flag in [*BROWSER_FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_page_load_timeout(30)
    yield driver
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)


def complaints(browser) -> list[str]:
    """What a developer would see in red. A missing icon of the tab is not worth it."""
    return [
        entry["message"] for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE" and "favicon" not in entry["message"]
    ]


def text(browser) -> str:
    return browser.execute_script("return document.body.innerText")


def sees(browser, *words: str, seconds: float = 15):
    """Waits until the page shows the words, whatever their case (style sheets change it)."""

    def shown():
        page = text(browser).lower()
        lacking = [word for word in words if word.lower() not in page]
        assert not lacking, f"{browser.current_url} does not show {lacking}: {page[:1500]}"
        return True

    wait_until(shown, seconds, f"the page shows {words}", every=0.1)


def sign_in(browser, url: str, user: str, password: str):
    browser.get(url)
    field = wait_until(
        lambda: browser.find_elements("css selector", "form input[type=password]"), 10, "a sign-in form"
    )[0]
    form = field.find_element("xpath", "ancestor::form")
    form.find_element("css selector", "input:not([type=password]):not([type=hidden])").send_keys(user)
    field.send_keys(password)
    form.find_element("css selector", "button, input[type=submit]").click()


class User:
    """Somebody at a browser."""

    def __init__(self, browser, screenshots: str):
        self.browser = browser
        self.screenshots = screenshots

    def find(self, selector: str):
        return wait_until(lambda: self.browser.find_elements("css selector", selector), 10, selector)[0]

    def fill(self, selector: str, value: str):
        field = self.find(selector)
        field.clear()
        field.send_keys(value)

    def write(self, selector: str, value: str):
        """Puts in a whole text, as by pasting: typing would indent by itself, and dates go by the browser's language."""
        self.browser.execute_script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
            self.find(selector), value,
        )

    def click(self, selector: str):
        element = self.find(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def screenshot(self, name: str):
        self.browser.save_screenshot(str(SCREENSHOTS / f"{self.screenshots}-{name}.png"))


def resize(browser, width: int, height: int):
    """As on a device of that size: windows do not get as small as telephones are."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
