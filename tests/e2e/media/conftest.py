"""One running product for all tests of this folder; a test that breaks things starts its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.product import Product, running


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("media")) as started:
        yield started
