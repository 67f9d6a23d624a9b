"""What needs a server, a kernel and a browser on two cores gets a second chance; the summary at the end names it."""

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))
