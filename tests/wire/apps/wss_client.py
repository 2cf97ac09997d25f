"""Speaks wss with Debian's python3-websockets: prints the first message, then checks an echo."""
import asyncio
import ssl
import sys

import websockets

URL, CA = sys.argv[1:]


async def main():
    context = ssl.create_default_context(cafile=CA)
    async with websockets.connect(URL, ssl=context, max_size=None) as ws:
        print(await ws.recv())
        for message in ["hé", bytes(range(256)) * 4096]:
            await ws.send(message)
            assert await ws.recv() == message
    print(ws.close_code)


asyncio.run(main())
