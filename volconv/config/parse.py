"""From a file or a text to a `Config`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from volconv.config.faults import faults_of
from volconv.config.loader import MAX_BYTES, read_text
from volconv.config.models import Config
from volconv.errors import ConfigError, ConfigFileError
from volconv.files import near_path

__all__ = ["load_config", "parse_config"]


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
    document = read_text(text, path)
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
