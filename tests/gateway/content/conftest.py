from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.audit.conftest import lab as lab
from tests.audit.lab import Lab
from tests.gateway.content.made import Studio


@pytest.fixture
async def studio(lab: Lab) -> AsyncIterator[Studio]:
    made = Studio(lab)
    yield made
    made.close()
