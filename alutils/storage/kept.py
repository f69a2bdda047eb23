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

from alutils.storage.files import make_folder_of, set_aside
from alutils.storage.locations import cache_dir

WAIT_S = 30  # for another process that writes
AT_ONCE = 500  # keys of one query


class Kept:
    """The results of one kind.

    kind : name of the file in the cache
    """

    def __init__(self, kind):
        self.name = f"{kind}.sqlite"

    @property
    def path(self):
        return cache_dir() / self.name

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

        self._do(read, only_if_there=True)
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

    def _do(self, work, only_if_there=False):
        try:
            if self.path.exists() or not only_if_there:
                self._connected(work)
        except (sqlite3.OperationalError, OSError, ValueError) as error:
            # locked, read-only, a full disk; no home folder
            said = f"{self.name} in the cache: {error}"
            hint = "" if "ALUTILS_CACHE" in said else " (ALUTILS_CACHE names another folder)"
            warnings.warn(f"{said}; going on without{hint}", stacklevel=4)
        except (sqlite3.DatabaseError, TypeError):
            try:
                name = set_aside(self.path)
            except FileNotFoundError:  # another process was faster
                return
            warnings.warn(
                f"{self.name} in the cache is damaged; it is now {name}, and made again",
                stacklevel=4,
            )

    def _connected(self, work):
        make_folder_of(self.path)
        with closing(sqlite3.connect(self.path, timeout=WAIT_S)) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, content BLOB, sha256 BLOB)"
            )
            work(connection)


def _check(digest, content):
    return hashlib.sha256(digest + content).digest()
