"""From a configuration's text to frozen models: opens nothing but the text."""

from volconv.config.codecs import codec_name
from volconv.config.models import Config, Input, Output
from volconv.config.parse import config_of, load_config, parse_config
from volconv.config.schema import MODELINE, SCHEMA_NAME, schema_text

__all__ = [
    "MODELINE",
    "SCHEMA_NAME",
    "Config",
    "Input",
    "Output",
    "codec_name",
    "config_of",
    "load_config",
    "parse_config",
    "schema_text",
]
