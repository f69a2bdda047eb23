"""Files from anywhere, opened with suspicion: nothing unpickled, unpacked or believed unchecked.

Archives that unpack to far more than they say, headers and indices that do not fit what follows,
anchors that explode: each is a ValueError before it costs memory, time or the interpreter.
"""

from __future__ import annotations

import gzip
import io
import lzma
import math
import struct
import sys
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
import scipy.sparse
import yaml

# What numpy and zipfile raise on files that are truncated, pickled or something else entirely.
BROKEN = (
    *(OSError, ValueError, TypeError, AttributeError, KeyError, EOFError, NotImplementedError),
    *(RuntimeError, MemoryError, SyntaxError, OverflowError, IndexError, struct.error),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, tokenize.TokenError),
)
PACKED_AT_MOST = 200  # times: positions and labels never pack better than that, a bomb does
SMALL = 64 * 2**20  # bytes that we unpack whatever they are packed into
MOST_NODES = 10**5  # of a YAML file
MOST_COLUMNS = 10**6  # of a descriptor


def check_archive(path: Path):
    """ValueError where a zip would unpack to far more than it says, or names a file outside."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        unpacked, packed = sum(one.file_size for one in members), path.stat().st_size
        if unpacked > max(SMALL, PACKED_AT_MOST * packed):
            raise ValueError(f"it would unpack to {unpacked / 2**20:.0f} MB: a bomb")
        for one in members:
            if {"..", "", "."} & set(one.filename.replace("\\", "/").split("/")):
                raise ValueError(f"its member {one.filename!r} climbs out of a folder")
            with archive.open(one) as file:
                _check_header(file, one)


def _check_header(file, member):
    """ValueError where the header of an .npy announces other than what follows it."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0}
    readers[2, 0] = np.lib.format.read_array_header_2_0
    version = np.lib.format.read_magic(file)
    if version not in readers:
        raise ValueError(f"{member.filename} has version {version}, not (1, 0) or (2, 0)")
    shape, _, dtype = readers[version](file)
    announced, follow = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds pickled objects, which are never loaded")
    if not dtype.itemsize and math.prod(shape):
        raise ValueError(f"{member.filename} has entries without bytes: a bomb")
    if announced != follow:
        raise ValueError(f"{member.filename} announces {announced} bytes, {follow} follow")


def _check_text(array, key):
    """ValueError for what is no character of Unicode: Python meets it with a SystemError."""
    if array.dtype.kind == "U" and array.nbytes:
        codes = array.reshape(-1).view(f"{array.dtype.byteorder}u4")
        if codes.max() > sys.maxunicode:
            raise ValueError(f"{key} holds what is no text")


def read_arrays(path: Path) -> dict:
    """All arrays of an .npz; ValueError where it is truncated, pickled or no .npz at all."""
    try:
        check_archive(path)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        for key, array in arrays.items():
            _check_text(array, key)
        return arrays
    except BROKEN as error:
        raise ValueError(
            f"{path.name}: not a readable .npz ({brief(error)}): truncated, or it holds "
            "pickled objects, which are never loaded; write it again with numpy.savez_compressed "
            "and plain arrays"
        ) from None


def brief(error):
    """The kind of an error and the beginning of its message; that of the system names folders."""
    said = "" if isinstance(error, OSError) else f": {error}".splitlines()[0][:200]
    return type(error).__name__ + said


def sparse_matrix(format, shape, data, indices, indptr, **_):
    """A CSR matrix from its parts, or those of CSC.

    scipy reads and writes at any index it is given, and its `check_format` passes an `indptr` that
    ends with 0: such a file would end the interpreter.
    """
    kind = format.item().decode() if format.dtype.kind == "S" else str(format.item())
    if kind not in ("csr", "csc") or shape.shape != (2,) or shape.dtype.kind not in "iu":
        raise ValueError(f"{kind!r} of shape {shape}")
    major, minor = (int(n) for n in (shape if kind == "csr" else shape[::-1]))
    sound = (
        (data.dtype.kind in "iu" or data.dtype in (np.float32, np.float64))
        and indices.dtype.kind == indptr.dtype.kind == "i"
        and data.ndim == indices.ndim == indptr.ndim == 1
        and len(indptr) == major + 1
        and indptr[0] == 0
        and indptr[-1] == len(indices) == len(data)
        and (np.diff(indptr) >= 0).all()
        and (not len(indices) or (indices.min() >= 0 and indices.max() < minor))
    )
    if not sound or shape[1] > MOST_COLUMNS:
        raise ValueError("its parts do not fit together")
    kinds = {"csr": scipy.sparse.csr_matrix, "csc": scipy.sparse.csc_matrix}
    return kinds[kind]((data, indices, indptr), shape=tuple(int(n) for n in shape)).tocsr()


def kind_of(path) -> str:
    """The suffix that says what a file is, in lower case, that of a packed one without .gz."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def read_text(path: Path) -> str:
    """The text of a file, unpacked if its bytes are gzip's, with line ends as \\n.

    UTF-8, UTF-16 with its mark, or else Windows-1252, which spreadsheets write.

    Raises
    ------
    ValueError : it unpacks to a bomb, or is no text.
    """
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, path.name)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            last = error
        else:
            if "\0" in text:
                raise ValueError(f"{path.name}: not a text: it holds a zero byte")
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise ValueError(f"{path.name}: not a text in UTF-8 ({last})")


def _unpacked(content, name):
    most = max(SMALL, PACKED_AT_MOST * len(content))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            text = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name}: not a readable .gz ({brief(error)})") from None
    if len(text) > most:
        raise ValueError(f"{name}: it would unpack to more than {most / 2**20:.0f} MB: a bomb")
    return text


def read_yaml(path: Path):
    """The value of a YAML file; ValueError where it is none, or its anchors make it explode."""
    try:
        text = path.read_bytes()
        node = yaml.compose(text, yaml.SafeLoader)
        if node is not None and _size(node, {}) > MOST_NODES:
            raise ValueError(f"its anchors stand for more than {MOST_NODES} values")
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"{path.name}: not readable as YAML ({said}); correct it") from None


def _size(node, known):
    """How many values a node stands for when its anchors are written out."""
    if id(node) not in known:
        known[id(node)] = float("inf")  # a node within itself
        parts = [] if isinstance(node, yaml.ScalarNode) else node.value
        parts = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]
