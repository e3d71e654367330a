"""The signatures of other libraries over volconv, for code that moves here.

Nothing of the package imports these modules: ``from volconv.compat import ndimage``.
"""
