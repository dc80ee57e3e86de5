"""The bare proxies Lexgate is measured against: they forward, and do nothing else.

`python -m benchmarks.proxies fastapi-httpx --port 9102 --upstream http://127.0.0.1:9000`
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse


def with_httpx(upstream: str) -> FastAPI:
    """FastAPI and httpx, as most gateways begin."""
    client = httpx.AsyncClient(base_url=upstream, timeout=60, limits=httpx.Limits(max_connections=256))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await client.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/{path:path}")
    async def forward(request: Request, path: str) -> Response:
        path = f"/{path}" + (f"?{request.url.query}" if request.url.query else "")
        body = await request.body()
        headers = {"content-type": "application/json"}
        sent = client.build_request("POST", path, content=body, headers=headers)
        answer = await client.send(sent, stream=True)
        kind = answer.headers["content-type"]
        if kind.startswith("text/event-stream"):

            async def relay() -> AsyncIterator[bytes]:
                async for chunk in answer.aiter_raw():
                    yield chunk
                await answer.aclose()

            return StreamingResponse(relay(), status_code=answer.status_code, media_type=kind)
        content = await answer.aread()
        await answer.aclose()
        return Response(content, status_code=answer.status_code, media_type=kind)

    return app


def with_aiohttp(upstream: str) -> FastAPI:
    """FastAPI and aiohttp: the same with a faster client."""
    sessions: list[aiohttp.ClientSession] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256)) as session:
            sessions.append(session)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/{path:path}")
    async def forward(request: Request, path: str) -> Response:
        path = f"/{path}" + (f"?{request.url.query}" if request.url.query else "")
        body = await request.body()
        headers = {"content-type": "application/json"}
        answer = await sessions[0].post(f"{upstream}{path}", data=body, headers=headers)
        kind = answer.headers["content-type"]
        if kind.startswith("text/event-stream"):

            async def relay() -> AsyncIterator[bytes]:
                async for chunk in answer.content.iter_any():
                    yield chunk
                answer.release()

            return StreamingResponse(relay(), status_code=answer.status, media_type=kind)
        content = await answer.read()
        return Response(content, status_code=answer.status, media_type=kind)

    return app


PROXIES = {"fastapi-httpx": with_httpx, "fastapi-aiohttp": with_aiohttp}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("proxy", choices=sorted(PROXIES))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    options = parser.parse_args()
    app = PROXIES[options.proxy](options.upstream)
    uvicorn.run(
        app, host="127.0.0.1", port=options.port, loop="uvloop", http="httptools", log_level="warning", access_log=False
    )


if __name__ == "__main__":
    main()
