"""What a call allocates."""

import tracemalloc


def most_bytes(call):
    """The most bytes that a call holds at once, what it returns included."""
    tracemalloc.start()
    try:
        result = call()
        most = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return most
