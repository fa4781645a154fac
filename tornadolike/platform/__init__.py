"""What depends on the event loop underneath, by Tornado's names: :mod:`tornadolike.platform.asyncio`."""
