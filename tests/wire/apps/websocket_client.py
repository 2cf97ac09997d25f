"""Speaks to the server with Debian's python3-websockets and says what came of it, line by line."""
import asyncio
import sys

import websockets

URL = sys.argv[1]


async def echo(compression):
    async with websockets.connect(
        URL + "/echo?subprotocol=two",
        compression=compression,
        subprotocols=["one", "two"],
        max_size=None,
    ) as ws:
        extensions = [extension.name for extension in ws.extensions]
        assert extensions == (["permessage-deflate"] if compression else []), extensions
        assert ws.subprotocol == "two", ws.subprotocol
        for message in ["", "hé", "x" * 70_000, b"", bytes(range(256)) * 300, "y" * 1_000_000]:
            for _ in range(3):
                await ws.send(message)
                assert await ws.recv() == message
        # In pieces.
        await ws.send(["one ", "two ", "three"])
        assert await ws.recv() == "one two three"
        # Many at once stay in order.
        await asyncio.gather(*(ws.send(str(i)) for i in range(200)))
        for i in range(200):
            assert await ws.recv() == str(i)
        await asyncio.wait_for(await ws.ping(), 30)
        await ws.close(4000, "bye")
        assert (ws.close_code, ws.close_reason) == (4000, "bye"), (ws.close_code, ws.close_reason)
    print("echo", compression)


async def closed_by_server():
    async with websockets.connect(URL + "/close?code=4123&reason=so") as ws:
        try:
            await ws.recv()
        except websockets.ConnectionClosed:
            pass
        print("closed", ws.close_code, ws.close_reason)


async def refused():
    for path in ["/refuse", "/deny"]:
        try:
            await websockets.connect(URL + path)
        except websockets.InvalidStatusCode as error:
            print("refused", error.status_code)


async def too_big():
    async with websockets.connect(URL + "/echo", max_size=None, compression=None) as ws:
        try:
            await ws.send(bytes(16 * 1024 * 1024 + 1))
            await ws.recv()
        except websockets.ConnectionClosed:
            pass
        print("too big", ws.close_code)


async def main():
    await echo(None)
    await echo("deflate")
    await closed_by_server()
    await refused()
    await too_big()


asyncio.run(main())
