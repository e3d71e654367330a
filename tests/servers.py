"""Servers that tests start for themselves: an S3 store, a way to it that fails, files."""

import http.client
import re
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import boto3
from moto.server import ThreadedMotoServer

from tests.waiting import Meeting

REGION = "us-east-1"

CUT = "cut"
"""The fault of an answer that breaks off."""

WHOLE = "whole"
"""The fault of an answer with all of a file, of which a part was asked for."""


@contextmanager
def s3_server():
    """The endpoint of an S3 server on this machine."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def environment(endpoint):
    """What a user sets to reach a store."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "a secret",
        "AWS_REGION": REGION,
    }


def s3_client(endpoint):
    """Another library's client of a store."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="somebody",
        aws_secret_access_key="a secret",
    )


class Handler(BaseHTTPRequestHandler):
    """Answers, of which each may break off."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def reply(self, status, headers, content, fault=None):
        self.send_response_only(status)
        is_head = self.command == "HEAD"
        left_out = {"connection"} if is_head else {"connection", "content-length"}
        for name, value in headers:
            if name.lower() not in left_out:
                self.send_header(name, value)
        if not is_head:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not is_head:
            self.close_connection = fault == CUT
            self.wfile.write(content[: len(content) // 2 if fault == CUT else None])

    def log_message(self, *words):
        """Say nothing."""


@contextmanager
def serving(handler):
    """The URL of a server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def no_fault(method, path):
    """Answers to everything."""


@contextmanager
def flaky(endpoint, fault):
    """An endpoint that answers for another one, or with a fault.

    `fault` takes method and path, and gives a status to answer with, CUT, or None.
    """
    host = urlsplit(endpoint).netloc

    class Flaky(Handler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            status = fault(self.command, self.path)
            if status not in (None, CUT):
                self.reply(status, [], b"")
                return
            with closing(http.client.HTTPConnection(host, timeout=30)) as way:
                way.request(self.command, self.path, body, dict(self.headers))
                found = way.getresponse()
                content = found.read()
            self.reply(found.status, found.getheaders(), content, status)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815

    with serving(Flaky) as url:
        yield url


@contextmanager
def web_server(folder, fault=no_fault, credentials=None):
    """The URL of a server of a folder's files, which lists none.

    `fault` is as of `flaky`, or gives WHOLE; `credentials` are the only ones to be let in.
    """

    class Web(Handler):
        def do_GET(self):
            status = fault(self.command, self.path)
            file = folder / unquote(self.path).lstrip("/")
            if credentials and self.headers.get("Authorization") != credentials:
                status = 401
            elif status in (None, CUT, WHOLE) and not file.is_file():
                status = 404
            if status not in (None, CUT, WHOLE):
                self.reply(status, [], b"")
                return
            content, headers = file.read_bytes(), [("ETag", tag_of(file))]
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if asked is None or status == WHOLE:
                self.reply(200, headers, content, status)
                return
            first, last = asked.groups()
            start = int(first) if first else len(content) - int(last)
            stop = int(last) + 1 if first and last else len(content)
            headers.append(
                ("Content-Range", f"bytes {start}-{stop - 1}/{len(content)}")
            )
            self.reply(206, headers, content[start:stop], status)

    with serving(Web) as url:
        yield url


def tag_of(file):
    """What a server calls a state of a file."""
    return f'"{file.stat().st_mtime_ns}"'


class Beside(Meeting):
    """Counts how many requests of a kind are on their way at once, at most."""

    def __init__(self, is_one, enough):
        super().__init__(enough)
        self.is_one = is_one

    def slow(self, method, path):
        """A tenth of a second for each of them, and until enough are on their way."""
        if self.is_one(method, path):
            with self:
                time.sleep(0.1)
