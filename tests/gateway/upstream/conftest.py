"""Every test of the client runs on both event loops it may meet: uvloop in the product, asyncio in other people's."""

import asyncio

import uvloop


def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.SelectorEventLoop}
