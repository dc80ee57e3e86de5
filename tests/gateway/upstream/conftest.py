"""Every test of the client runs on both event loops it may meet: uvloop in the product, asyncio in other people's."""

import asyncio
import warnings

import pytest
import uvloop


@pytest.fixture(params=["uvloop", "asyncio"])
def event_loop_policy(request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return uvloop.EventLoopPolicy() if request.param == "uvloop" else asyncio.DefaultEventLoopPolicy()
