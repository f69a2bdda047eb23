"""Small results that are made once: bytes under a key, in one file of the cache for each kind.

Many processes may read and write; what was put stays when the process is killed. A file that is no
longer a database is set aside and made again, an entry whose bytes have changed is not found.
Without a place to write, everything is made each time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import warnings
from contextlib import closing

from alutils.storage.files import set_aside
from alutils.storage.locations import cache_dir

WAIT_S = 30  # for another process that writes
AT_ONCE = 500  # keys of one query


class Kept:
    """The results of one kind.

    kind : name of the file in the cache
    """

    def __init__(self, kind):
        self.path = cache_dir() / f"{kind}.sqlite"

    def get(self, keys):
        """Key -> bytes, of those of the keys that are there undamaged."""
        by_digest = {hashlib.sha256(key.encode()).digest(): key for key in keys}
        digests, found = list(by_digest), {}

        def read(connection):
            for begin in range(0, len(digests), AT_ONCE):
                some = digests[begin : begin + AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = f"SELECT key, content, sha256 FROM kept WHERE key IN ({marks})"
                for digest, content, sha256 in connection.execute(rows, some):
                    if sha256 == _check(digest, content):
                        found[by_digest[digest]] = content

        if self.path.exists():
            self._do(read)
        return found

    def put(self, results):
        """Keep results: key -> bytes."""
        rows = []
        for key, content in results.items():
            digest = hashlib.sha256(key.encode()).digest()
            rows.append((digest, content, _check(digest, content)))

        def write(connection):
            connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)

        self._do(write)

    def _do(self, work):
        try:
            self._connected(work)
        except sqlite3.OperationalError as error:  # locked, read-only, a full disk
            warnings.warn(f"{self.path.name} in the cache: {error}; going on without", stacklevel=4)
        except (sqlite3.DatabaseError, TypeError):
            try:
                name = set_aside(self.path)
            except FileNotFoundError:  # another process was faster
                return
            warnings.warn(
                f"{self.path.name} in the cache is damaged; it is now {name}, and made again",
                stacklevel=4,
            )

    def _connected(self, work):
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise sqlite3.OperationalError(error.strerror) from None
        with closing(sqlite3.connect(self.path, timeout=WAIT_S)) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, content BLOB, sha256 BLOB)"
            )
            work(connection)


def _check(digest, content):
    return hashlib.sha256(digest + content).digest()
