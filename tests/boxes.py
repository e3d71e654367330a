"""Reading an array box by box."""


class Reader:
    """Reads boxes of an array, refuses what is outside, and remembers them."""

    def __init__(self, array):
        self.array = array
        self.boxes = []

    def __call__(self, box):
        for interval, size in zip(box, self.array.shape, strict=True):
            assert 0 <= interval.start < interval.stop <= size
        self.boxes.append(box)
        return self.array[tuple(interval.slice for interval in box)]
