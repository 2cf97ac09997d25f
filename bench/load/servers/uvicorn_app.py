"""What Uvicorn serves under load: line for line the application of asgi_app.ts, but for files."""

import asyncio
import os

HELLO = b"Hello, world!"
DOWNLOAD = b"0123456789abcdef" * 62_500
FILES = os.environ.get("BENCH_FILES")


# Who hears a broadcast.
members = set()


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        handle = broadcast if scope["path"] == "/broadcast" else echo_messages
        return await handle(receive, send)
    if scope["type"] != "http":
        raise RuntimeError("No lifespan here")
    path = scope["path"]
    if path == "/":
        await answer(send, HELLO)
    elif path == "/download":
        await answer(send, DOWNLOAD)
    elif path == "/files/page":
        await answer_file(send, f"{FILES}/page")
    elif path == "/files/download":
        await answer_file(send, f"{FILES}/download")
    elif path == "/echo":
        await answer(send, await whole_body(receive))
    elif path == "/discard":
        await answer(send, b"%d" % await body_size(receive))
    else:
        await send(
            {"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]}
        )
        await send({"type": "http.response.body"})


async def echo_messages(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            return
        text = event.get("text")
        if text is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def broadcast(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    members.add(send)
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            break
        message = {"type": "websocket.send", "text": event["text"]}
        for member in list(members):
            await member(message)
    members.discard(send)


async def answer(send, body):
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


# Uvicorn has no pathsend: 64 KiB at a time, read in a thread, as the usual frameworks do.
async def answer_file(send, path):
    run = asyncio.get_running_loop().run_in_executor
    size = (await run(None, os.stat, path)).st_size
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % size)],
        }
    )
    file = await run(None, open, path, "rb")
    try:
        more = True
        while more:
            body = await run(None, file.read, 65_536)
            more = len(body) == 65_536
            await send({"type": "http.response.body", "body": body, "more_body": more})
    finally:
        await run(None, file.close)


async def whole_body(receive):
    pieces = []
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return b""
        pieces.append(event["body"])
        if not event.get("more_body", False):
            return b"".join(pieces)


async def body_size(receive):
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return size
        size += len(event["body"])
        if not event.get("more_body", False):
            return size
