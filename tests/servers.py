"""Servers that tests start for themselves: an S3 store, and a way to it that fails."""

import http.client
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
from moto.server import ThreadedMotoServer

REGION = "us-east-1"

CUT = "cut"
"""The fault of an answer that breaks off."""


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


@contextmanager
def flaky(endpoint, fault):
    """An endpoint that answers for another one, or with a fault.

    `fault` takes method and path, and gives a status to answer with, CUT, or None.
    """
    host = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

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
                self.wfile.write(content[: len(content) // 2 if fault else None])

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815

        def log_message(self, *words):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Beside:
    """Counts how many requests of a kind are on their way at once, at most."""

    def __init__(self, is_one):
        self.is_one = is_one
        self.now = self.most = 0
        self.guard = threading.Lock()

    def slow(self, method, path):
        """A tenth of a second for each of them."""
        if not self.is_one(method, path):
            return
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.1)
        with self.guard:
            self.now -= 1
