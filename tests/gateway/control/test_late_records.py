"""Records whose library is loaded with the first look at them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audit.errors import LogUnavailable, QueryInvalid
from audit.keys import Keyring
from audit.store.sqlite import driver
from gateway.control.late_records import LateRecords

WITHOUT = """
import sys
import gateway.processes.control
print(sorted({"sqlalchemy", "numpy", "aiohttp", "onnxruntime"} & set(sys.modules)))
"""


@pytest.fixture
def records(tmp_path: Path) -> LateRecords:
    """Of a store in which nothing is."""
    store = tmp_path / "log.db"
    driver.connect(str(store)).close()
    store.touch()
    return LateRecords(store, Keyring.create(tmp_path / "keys"))


def test_the_control_process_begins_without_heavy_libraries():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == "[]"


def test_a_store_that_cannot_be_read_is_said_to_be_so(records):
    for look in (records.find, records.checkpoint, lambda: records.get("f"), lambda: records.trace("f")):
        with pytest.raises(LogUnavailable):
            look()
    records.close()


def test_records_that_nobody_looked_at_are_closed(records):
    records.close()


def test_what_is_wrong_with_a_search_is_told(records):
    with pytest.raises(QueryInvalid):
        records.find("colour:red")
