"""From a file or a text to a `Config`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from volconv.config.faults import faults_of
from volconv.config.loader import MAX_BYTES, Document, read_text
from volconv.config.models import Config
from volconv.errors import ConfigError, ConfigFileError, KindError
from volconv.files import near_path

__all__ = ["config_of", "load_config", "parse_config"]


def load_config(path: str | Path) -> Config:
    """The configuration in a file.

    Parameters
    ----------
    path : path
        A YAML file.

    Raises
    ------
    ConfigError
        If the text has faults, with all of them.
    ConfigFileError
        If there is no such file, or it cannot be read.
    """
    return parse_config(read_bytes(Path(path)), str(path))


def parse_config(text: str | bytes, path: str = "config") -> Config:
    """The configuration that a text says.

    Parameters
    ----------
    text : str or bytes
        YAML 1.2.
    path : str
        For errors.

    Raises
    ------
    ConfigError
        If the text has faults, with all of them.

    Examples
    --------
    >>> config = parse_config('''
    ... version: 1
    ... input: {path: brain.zarr}
    ... steps:
    ...   - gaussian: {sigma: 1.5}
    ... output: {path: smooth.zarr}
    ... ''')
    >>> config.steps[0].sigma
    1.5
    """
    return config_in(read_text(text, path), path)


def config_of(values: Mapping[str, Any], path: str = "config") -> Config:
    """The configuration that a mapping says, as a text would.

    Parameters
    ----------
    values : mapping
        What YAML has: texts, numbers, lists and mappings; paths, tuples and NumPy's
        numbers and arrays, too.
    path : str
        For errors.

    Raises
    ------
    ConfigError
        If it has faults, with all of them.
    KindError
        If it has values that no text has.
    """
    try:
        plain = json.loads(json.dumps(values, default=as_yaml))
    except (TypeError, ValueError, RecursionError) as error:
        raise KindError(path, str(error), "what a YAML text can say") from None
    return config_in(Document(plain, lines={}), path)


def as_yaml(value: object) -> object:
    """A value that YAML has no word for as one that it has.

    Raises
    ------
    TypeError
    """
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist") and not isinstance(value, type):
        return value.tolist()  # of NumPy, which is not imported for it
    raise TypeError(f"a value of type {type(value).__name__}")


def config_in(document: Document, path: str) -> Config:
    """The configuration that a document says.

    Raises
    ------
    ConfigError
        If it has faults, with all of them.
    """
    try:
        config, error = Config.model_validate(document.values), None
    except ValidationError as invalid:
        config, error = None, invalid
    faults = faults_of(document, error)
    if config is None or faults:
        raise ConfigError(path, [str(fault) for fault in faults]) from None
    return config


def read_bytes(path: Path) -> bytes:
    """The file's bytes, no more of them than a configuration may have."""
    try:
        with path.open("rb") as file:
            # one byte more tells the loader that there is more
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigFileError(
            str(path), "no such file", "a configuration", near_path(path, Path.is_file)
        ) from None
    except IsADirectoryError:
        raise ConfigFileError(
            str(path), "a folder", "a configuration", "name a YAML file in it"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigFileError(str(path), reason, "a file that can be read") from None
