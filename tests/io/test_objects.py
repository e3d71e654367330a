"""URLs of object stores: keys as they stand, and settings that name no store."""

import json
import os
import signal
import threading

import pytest
from obstore.exceptions import GenericError

from volconv.errors import KindError
from volconv.io.objects import (
    in_plain_words,
    normal_url,
    object_client,
    split_url,
    waited,
)

ODD = "odd/o#a?b=%41 c+d/ü~[]*:&=;@,'\"<>|\\^`{}"
"""A key of characters that mean something in the URL of a web page."""


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """Settings that lead nowhere, of every store."""
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "a secret",
        "AWS_REGION": "us-east-1",
        "AZURE_STORAGE_ACCOUNT_NAME": "somebody",
        "AZURE_STORAGE_ACCOUNT_KEY": "MDAw",
        "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(
            {
                "private_key": "none",
                "private_key_id": "none",
                "client_email": "none",
                "disable_oauth": True,
            }
        ),
    }.items():
        monkeypatch.setenv(name, value)
    object_client.cache_clear()
    yield
    object_client.cache_clear()


@pytest.mark.parametrize(
    "bucket", ["s3://b", "gs://b", "az://b", "az://b@somebody.dfs.core.windows.net"]
)
def test_a_client_takes_a_key_as_it_stands(bucket):
    assert object_client(f"{bucket}/{ODD}").prefix == ODD
    assert not object_client(bucket).prefix


def test_a_scheme_has_one_name_and_a_slash_at_the_end_is_none():
    assert split_url(f"S3A://b/{ODD}/") == ("s3", "b", ODD)
    assert normal_url("abfss://$web/") == "az://$web"
    assert normal_url("gs://B_1.x") == "gs://B_1.x"


@pytest.mark.parametrize(
    "key", ["a//b", "/a", "/", "a//", "./a", "a/../b", "a/.", "a\tb", "a\nb"]
)
def test_a_key_that_a_client_would_change_is_refused(key):
    with pytest.raises(KindError, match=r"got the key .* Fix: spell the key as"):
        normal_url(f"s3://b/{key}")


@pytest.mark.parametrize(
    "bucket", ["", "my bucket", "[x", "b?versionId=3", "b#c", "b%41", "bü"]
)
def test_what_no_bucket_is_called_is_refused(bucket):
    with pytest.raises(
        KindError, match=r"got the bucket '.*; expected s3://BUCKET/KEY"
    ):
        normal_url(f"s3://{bucket}/x")


@pytest.mark.parametrize("bucket", ["me:hush@b", "hush@b", "me:hush/hush@b", "b:9000"])
def test_a_user_or_a_port_is_refused_and_not_repeated(bucket):
    with pytest.raises(KindError, match="come from the environment") as told:
        normal_url(f"s3://{bucket}/x")
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    "name", ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]
)
@pytest.mark.parametrize(
    "value",
    ["127.0.0.1:5311", "localhost:5311", "http://", "http://h:99999", "ftp://h"],
)
def test_an_endpoint_that_is_no_url_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(KindError, match=f"^{name}: got '{value}'; expected a URL with"):
        object_client("s3://b/x")


def test_azure_needs_an_account_from_the_environment_or_the_url(monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_USE_EMULATOR", "true")
    assert object_client("az://b/x").prefix == "x"
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME")
    with pytest.raises(KindError, match="set AZURE_STORAGE_ACCOUNT_NAME"):
        object_client("az://b/y")


@pytest.mark.parametrize(
    ("request_of", "status", "kind"),
    [
        ("list request: Error performing", 403, PermissionError),
        ("list request: Error performing", 404, FileNotFoundError),
        ("list request: Error performing", 503, OSError),
        ("token request:", 404, OSError),
        ("token request:", 403, OSError),
    ],
)
def test_only_a_listing_is_missing_or_denied_by_its_status(request_of, status, kind):
    """An object would be taken for missing where the way to credentials is."""
    said = f"Error performing {request_of} GET x - status code: {status} Words: <?xml"
    with pytest.raises(OSError, match="Words") as told, in_plain_words("s3://b/x"):
        raise GenericError(f"{said}\n\nDebug source:\nGeneric")
    assert type(told.value) is kind
    assert told.value.strerror == said.removesuffix(": <?xml")


def test_an_environment_without_credentials_is_told_of_with_what_public_buckets_need():
    said = (
        "Error performing PUT http://169.254.169.254/latest/api/token in 2s - timed out"
    )
    told = pytest.raises(OSError, match=r"no credentials; .*SKIP_SIGNATURE=true")
    with told, in_plain_words("s3://b/x"):
        raise GenericError(f"{said}\n\nDebug source:\nGeneric")


@pytest.mark.parametrize("writes", [False, True])
def test_ctrl_c_waits_for_a_call_that_writes_and_for_no_other(writes):
    may_end, done = threading.Event(), []

    def call():
        os.kill(os.getpid(), signal.SIGINT)
        may_end.wait(1 if writes else 60)
        done.append("written")

    with pytest.raises(KeyboardInterrupt):
        waited(call, writes=writes)
    assert done == ["written"] * writes
    may_end.set()
