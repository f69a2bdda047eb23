"""The paper's own pools from Zenodo and QM9 from figshare: checked, cached, and clear when offline.

Each file is fetched once, under its MD5: that of `KNOWN_MD5` and `QM9_ARCHIVE` where it is known,
else the one that the Zenodo record itself states. Geometries become an .npz of our own layout.
`ALUTILS_MIRROR` names another server with the same paths (``/api/records/...`` and ``/files/N``),
for a mirror at your institute or for a test.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import warnings
import zipfile
from urllib.parse import urlsplit

import numpy as np
import requests
from tqdm import tqdm

from alutils.data.originals import read_qm9_archive, read_zenodo_molecules
from alutils.data.validation import BROKEN
from alutils.storage.files import make_folder_of, set_aside, sweep, sync, whole, write_json
from alutils.storage.locations import cache_dir
from alutils.storage.remedies import explained

# Record and the names that its descriptor, or its geometries, go by; every record has HOMO.txt.
ZENODO = {
    "aa": (3967308, ("mbtr_k2.npz",)),
    "oe": (4035923, ("mbtr_k2.npz", "mbtr_0.02.npz")),
    "qm9": (4035918, ("mbtr_k2.npz", "mbtr_0.1.npz")),
    "aa_molecules": (5872941, ("data.xyz",)),
    "oe_molecules": (4035923, ("data.xyz",)),
    "qm9_molecules": (4035918, ("data.xyz",)),
}
KNOWN_MD5 = {
    (3967308, "HOMO.txt"): "747150277a47d576b461970e45c3bae6",
    (3967308, "mbtr_k2.npz"): "7b600c777d92767849005185d01a12a1",
}
QM9_ARCHIVE = ("dsgdb9nsd.xyz.tar.bz2", 3195389, "ad1ebd51ee7f5b3a6e32e974e5d54012")
TIMEOUT = 30  # seconds without an answer
BY_HAND = "download by hand, and give the folder's or file's path as data set"


def fetch_zenodo(name, fetch=True):
    """What one of the paper's pools is read from, fetched where missing.

    Returns
    -------
    path of a folder with mbtr_k2.npz and HOMO.txt; for a record's geometries, of an .npz

    Raises
    ------
    ValueError : not here, or damaged, and not to be fetched; no connection; a file that the record
        lacks; a wrong checksum; geometries of another layout.
    """
    record, names = ZENODO[name]
    folder = cache_dir() / "downloads" / name

    def fetched():
        try:
            _fetch_record(name, record, names, folder, fetch)
        except ValueError:
            if fetch:  # the listing may be the fault, it has no checksum: ask for it anew
                (folder / "record.json").unlink(missing_ok=True)
            raise
        return folder

    if names != ("data.xyz",):
        return fetched()
    return _once(folder / f"{name}.npz", lambda: read_zenodo_molecules(fetched()))


def _fetch_record(name, record, names, folder, fetch):
    files = _listing(name, record, folder, fetch)
    main = next((key for key in names if key in files), names[0])
    for key, kept_as in ((main, names[0]), ("HOMO.txt", "HOMO.txt")):
        if key not in files:
            raise ValueError(
                f"{name}: Zenodo record {record} has no {key}, only {', '.join(sorted(files))}: "
                f"{BY_HAND}"
            )
        md5 = KNOWN_MD5.get((record, key), files[key]["md5"])
        _fetch(name, files[key]["url"], md5, folder / kept_as, fetch)


def fetch_qm9(fetch=True):
    """The .npz of all of QM9 with B3LYP labels, made from the original archive where missing.

    Raises
    ------
    ValueError : not here and not to be fetched, no connection, a wrong checksum, an archive of
        another layout.
    """
    folder = cache_dir() / "downloads" / "qm9_b3lyp"
    archive, number, md5 = QM9_ARCHIVE

    def arrays():
        url = f"https://ndownloader.figshare.com/files/{number}"
        _fetch("qm9_b3lyp", url, md5, folder / archive, fetch)
        return read_qm9_archive(folder / archive)

    return _once(folder / "qm9_b3lyp.npz", arrays)


def _once(made, arrays):
    """The .npz of these arrays, made where it is missing or damaged; `arrays` is called then."""
    sweep(made.parent, "*tmp*")
    if made.exists() and not _is_sound(made):
        warnings.warn(
            f"{made.name} is damaged: it is now {set_aside(made)}, made again", stacklevel=4
        )
    if not made.exists():
        content = arrays()
        with whole(made) as file:
            np.savez_compressed(file, **content)
    return made


def _is_sound(path):
    """True if the checksums inside an .npz hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except BROKEN:
        return False


def _listing(name, record, folder, fetch):
    """File name -> url and MD5 of a Zenodo record, asked for once."""
    kept = folder / "record.json"
    sweep(folder, "*tmp*")  # what pooch leaves when it is killed
    if kept.exists() and not _is_listing(kept):
        warnings.warn(f"{name}: record.json is damaged: it is now {set_aside(kept)}", stacklevel=4)
    if not kept.exists():
        if not fetch:
            raise _absent(name)
        answer = _answer(name, f"https://zenodo.org/api/records/{record}")
        try:
            files = {
                entry["key"]: {
                    "url": entry["links"]["self"],
                    "md5": re.fullmatch("md5:([0-9a-f]{32})", entry["checksum"])[1],
                }
                for entry in json.loads(answer)["files"]
            }
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(
                f"{name}: Zenodo's answer on record {record} is not a list of files with key, "
                f"checksum and link ({type(error).__name__}: {error}): {BY_HAND}"
            ) from None
        write_json(kept, files)
    return json.loads(kept.read_bytes())


def _is_listing(path):
    try:
        files = json.loads(path.read_bytes()).values()
        return all(isinstance(one[key], str) for one in files for key in ("url", "md5"))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return False


def _fetch(name, url, md5, path, fetch):
    """Download a file unless it is here and sound."""
    if path.exists() and _md5(path) == md5:
        return
    if not fetch:
        raise _absent(name)
    if path.exists():
        warnings.warn(
            f"{name}: {path.name} is damaged, or of another version: it is now {set_aside(path)}, "
            "and fetched again",
            stacklevel=4,
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # imported in a notebook, it asks for widgets
        import pooch
    pooch.get_logger().setLevel("WARNING")  # it prints paths
    url = _mirrored(url)
    try:
        # A total of zero is false, and pooch would show no bar.
        with explained(path), _bar(f"{name}: {path.name}", 1, "B") as bar:
            downloader = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT)
            make_folder_of(path)
            pooch.retrieve(url, f"md5:{md5}", path.name, path.parent, downloader=downloader)
        sync(path)
    except requests.RequestException as error:
        raise _unreachable(name, url, error) from None
    except ValueError:
        (path.parent / "record.json").unlink(
            missing_ok=True
        )  # the record may list another file now
        raise ValueError(
            f"{name}: {path.name} from {url} does not have its MD5 {md5[:12]}...: the download was "
            f"cut, or the record has changed; try again, or {BY_HAND}"
        ) from None


def _md5(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _answer(name, url):
    url = _mirrored(url)
    try:
        answer = requests.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.text
    except requests.RequestException as error:
        raise _unreachable(name, url, error) from None


def _mirrored(url):
    """The address on the server that `ALUTILS_MIRROR` names, if any."""
    mirror = os.environ.get("ALUTILS_MIRROR")
    if not mirror:
        return url
    address = urlsplit(url)
    return mirror.rstrip("/") + address.path + (f"?{address.query}" if address.query else "")


def _absent(name):
    return ValueError(
        f"{name} is not downloaded yet, or damaged: load it once where there is a network"
    )


def _unreachable(name, url, error):
    answer = getattr(error, "response", None)
    if answer is not None:
        return ValueError(f"{name}: {url} answers {answer.status_code}: try later, or {BY_HAND}")
    return ValueError(
        f"{name}: no answer from {url} ({type(error).__name__}): connect to the internet, or "
        f"{BY_HAND}"
    )


def _bar(what, total, unit):
    """A progress bar that is silent where nobody watches."""
    silent = not sys.stderr.isatty()
    return tqdm(desc=what, total=total, unit=unit, unit_scale=True, disable=silent)
