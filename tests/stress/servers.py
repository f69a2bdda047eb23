"""Download from a server that fails in every way it can: each fault is named, the second try works.

python tests/stress/servers.py [--tries 300] [--seed 0] [--record]

Each try loads the data set `aa` into an empty cache, or one that an earlier fault has left, while
one of its three requests meets a fault; then it loads it again from the server as it should be.
"""

import argparse
import collections
import contextlib
import hashlib
import io
import json
import os
import socket
import struct
import tempfile
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import scipy.sparse
from counts import keep

from alutils.data import downloads
from alutils.data.datasets import load

PATIENCE_S = 0.2  # the client's; a server that stalls is silent for longer
RECORD = f"/api/records/{downloads.ZENODO['aa'][0]}"
NAMES = ("mbtr_k2.npz", "HOMO.txt")
FAULTS = (
    *("404", "500", "503", "cut", "short", "longer", "corrupt", "stall", "silence", "reset"),
    *("login page", "nothing", "loop", "changed"),
)


class Server:
    """Serves a record of two files, and one fault at a time.

    fault : (kind, path) or None;  met : the kind that was served last
    """

    def __init__(self):
        self.fault, self.met, self.version = None, None, 0
        self.make()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler):
                kind, path = outer.fault or (None, None)
                if path != handler.path:
                    known = outer.contents.get(handler.path)  # None: a corrupt listing's link
                    return outer.answer(handler, known or b"no", status=200 if known else 404)
                outer.met = kind
                outer.fail(handler, kind, outer.contents[path])

            def handle(handler):
                with contextlib.suppress(ConnectionError, ValueError):  # the client has gone
                    super().handle()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def make(self):
        """Another version of the files."""
        rng = np.random.default_rng(self.version)
        self.X, self.y = np.round(rng.random((20, 5)), 3), -5 - np.round(rng.random(20), 4)
        matrix, labels = io.BytesIO(), io.StringIO()
        scipy.sparse.save_npz(matrix, scipy.sparse.csr_matrix(self.X))
        np.savetxt(labels, self.y)
        contents = dict(zip(NAMES, (matrix.getvalue(), labels.getvalue().encode()), strict=True))
        self.contents = {f"{RECORD}/files/{k}/content": c for k, c in contents.items()}
        listed = [
            {
                "key": k,
                "checksum": f"md5:{md5(c)}",
                "links": {"self": f"{RECORD}/files/{k}/content"},
            }
            for k, c in contents.items()
        ]
        for entry in listed:
            entry["links"]["self"] = "https://zenodo.org" + entry["links"]["self"]
        self.contents[RECORD] = json.dumps({"files": listed}).encode()

    def answer(self, handler, content, length=None, status=200):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    def fail(self, handler, kind, content):
        half = content[: len(content) // 2]
        if kind.isdigit():
            self.answer(handler, b"no", status=int(kind))
        elif kind == "cut":
            self.answer(handler, half, len(content))
        elif kind == "short":
            self.answer(handler, half)
        elif kind == "longer":
            self.answer(handler, content + half)
        elif kind == "corrupt":
            self.answer(handler, half[:-1] + bytes([half[-1] ^ 1]) + content[len(half) :])
        elif kind == "stall":
            self.answer(handler, half, len(content))
            handler.wfile.flush()
            time.sleep(3 * PATIENCE_S)
        elif kind == "silence":
            time.sleep(3 * PATIENCE_S)
        elif kind == "reset":
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
        elif kind == "login page":
            self.answer(handler, b"<html><script>alert(1)</script>Log in first</html>")
        elif kind == "nothing":
            self.answer(handler, b"")
        elif kind == "loop":
            handler.send_response(302)
            handler.send_header("Location", handler.path)
            handler.end_headers()
        elif kind == "changed":  # the record was listed before
            self.version += 1
            self.make()
            self.answer(handler, self.contents[handler.path])


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def check_whole(folder, server):
    """SystemExit if a file is there that is not whole: of this version, or the listing."""
    for path in folder.glob("*") if folder.exists() else ():
        if ".damaged" in path.name:
            continue
        known = server.contents.get(f"{RECORD}/files/{path.name}/content")
        if path.name == "record.json":
            json.loads(path.read_bytes())
        elif known is None or (server.fault[0] != "changed" and path.read_bytes() != known):
            raise SystemExit(f"{server.fault}: {path.name} is there, and not whole")


def is_right(dataset, server):
    return np.array_equal(dataset.X.toarray(), server.X.astype(dataset.X.dtype)) and np.array_equal(
        dataset.y, server.y
    )


def attempt(server, kind, path, folder):
    """One load that meets a fault, and one that does not; what the first said, or None."""
    server.fault = kind, path
    said = None
    try:
        if not is_right(load("aa"), server):
            raise SystemExit(f"{server.fault}: other data were loaded")
    except ValueError as error:
        said = str(error)
        if not said.startswith("aa: "):
            raise SystemExit(f"{server.fault}: the message names no data set: {said}") from None
    check_whole(folder, server)
    server.fault = None
    if not is_right(load("aa"), server):
        raise SystemExit(f"{kind}, {path}: the second try loaded other data")
    return said


def main(tries, seed, record):
    rng = np.random.default_rng(seed)
    downloads.TIMEOUT, downloads.KNOWN_MD5 = PATIENCE_S, {}
    server, named, again, served = Server(), 0, 0, collections.Counter()
    warnings.simplefilter("ignore", UserWarning)  # what was set aside
    os.environ["ALUTILS_MIRROR"] = server.address
    os.environ.pop("ALUTILS_DATA", None)
    paths = [RECORD, *(f"{RECORD}/files/{name}/content" for name in NAMES)]
    with tempfile.TemporaryDirectory() as top:
        for number in range(tries):
            os.environ["ALUTILS_CACHE"] = str(Path(top, str(number)))
            kind = FAULTS[number % len(FAULTS)]
            path = paths[rng.integers(1 if kind in ("changed", "longer") else 0, len(paths))]
            server.met = None
            named += attempt(server, kind, path, Path(top, str(number), "downloads/aa")) is not None
            again += 1  # or we would have left
            if server.met is None:
                raise SystemExit(f"try {number}: the fault {kind} of {path} was never met")
            served[server.met] += 1
    kinds = ", ".join(f"{kind} {served[kind]}" for kind in FAULTS)
    print(
        f"faults served: {served.total()} ({kinds}); {named} named, the second try worked after "
        f"{again} of {tries}"
    )
    if record:
        counted = {"served": served.total(), "kinds": len(FAULTS), "named": named, "again": again}
        keep("servers", counted | {"seed": seed})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", action="store_true", help="into book/records/soak.json")
    main(**vars(parser.parse_args()))
