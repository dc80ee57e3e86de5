from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from gateway.control.operators import Role
from tests.gateway.control.parts import KEYS, deps, serving
from tests.gateway.control.real import Real, running


@pytest.fixture(scope="session")
def plane() -> Iterator[str]:
    """Base URL of a running control plane."""
    with serving(deps()) as url:
        yield url


Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def ask(plane: str) -> Iterator[Ask]:
    """ask("GET", "/path", key=..., ...): one request; the key is a role's, a text, or None for a stranger."""
    with httpx.Client(base_url=plane) as client:

        def one(method: str, path: str, *, key: Role | str | None = Role.SECURITY, **more: object) -> httpx.Response:
            headers = dict(more.pop("headers", {}))
            if key is not None:
                headers["Authorization"] = f"Bearer {KEYS[key] if isinstance(key, Role) else key}"
            return client.request(method, path, headers=headers, **more)

        yield one


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A running control plane over the real log, inspector and policies."""
    with running(tmp_path_factory.mktemp("real")) as running_plane:
        yield running_plane
