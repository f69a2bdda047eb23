"""The file of a registered data set: found or fetched, and refused unless its checksum is right."""

from __future__ import annotations

import json
from pathlib import Path

from alutils.data.registry import REGISTRY
from alutils.storage.files import file_sha256
from alutils.storage.locations import data_dir

POOLS = Path(__file__).resolve().parent / "pools"


def embedded_checksums(pools=POOLS) -> dict[str, str]:
    """File name -> sha256 of every embedded pool that is there: what checksums.json holds."""
    files = (pools / entry["file"] for entry in REGISTRY.values() if entry["kind"] == "embedded")
    return {path.name: file_sha256(path) for path in files if path.is_file()}


def registered_file(name: str, fetch=True, registry=REGISTRY, pools=POOLS) -> Path:
    """The verified file, or folder, of a registered set; fetched where it can be.

    Parameters
    ----------
    name : a key of `registry`
    fetch : download what has a source and is not here
    registry : name -> entry, as `alutils.data.registry.REGISTRY`
    pools : folder of the embedded pools

    Raises
    ------
    ValueError : `ALUTILS_DATA` not set, file missing or damaged, no connection.
    """
    entry = registry[name]
    if entry["kind"] == "zenodo":
        from alutils.data.downloads import fetch_zenodo  # what is here needs no network

        return fetch_zenodo(name, fetch)
    if entry["kind"] == "embedded":
        return _embedded_file(entry["file"], name, pools)
    folder, file = data_dir(), entry["file"]
    if name == "qm9_b3lyp" and not (folder and (folder / file).is_file()):
        return _made_from_archive(file, fetch)
    if folder is None:
        raise ValueError(
            f"{name} is a local data set: set the environment variable ALUTILS_DATA to the "
            f"folder that holds {file}; without it there are "
            + ", ".join(n for n in registry if registry[n]["kind"] == "embedded")
        )
    place = "the folder ALUTILS_DATA; put it there"
    return _verified(name, folder / file, place, entry["sha256"])


def _embedded_file(file, name, pools):
    listed = pools / "checksums.json"
    expected = json.loads(listed.read_text()).get(file) if listed.is_file() else None
    return _verified(name, pools / file, "the package; install it anew", expected)


def _made_from_archive(file, fetch):
    from alutils.data.downloads import fetch_qm9

    try:
        return fetch_qm9(fetch)
    except ValueError as error:
        raise ValueError(f"{error}; or set ALUTILS_DATA to the folder that holds {file}") from None


def _verified(name, path, place, expected):
    """The path; ValueError where nothing is there, or other bytes than those of the checksum."""
    if not path.is_file():
        raise ValueError(f"{name}: {path.name} is not in {place}")
    if expected and (found := file_sha256(path)) != expected:
        raise ValueError(
            f"{name}: sha256 of {path.name} is {found[:12]}..., expected {expected[:12]}...: it is "
            "damaged or another version; copy it anew, or load it as your own file by its path"
        )
    return path
