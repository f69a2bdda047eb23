"""Command line: ``python -m alutils record`` computes runs into the tracked records."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path

from . import datasets, paths, records
from .loop import RunConfig


def record(strategies, seeds, folder, **settings):
    """Compute, or complete, one record for each strategy and seed."""
    configs = [RunConfig(strategy=s, seed=k, **settings) for k in seeds for s in strategies]
    for config in configs:
        made = records.compute(config, folder)
        mae = made["rows"][-1]["mae_ev"]
        print(f"{records.file_name(config)}  {made['wall_s']:.0f} s  MAE {mae:.4f} eV", flush=True)


def checksums():
    """Print the sha256 of the embedded pools: what alutils/pools/checksums.json holds."""
    print(json.dumps(datasets.embedded_checksums(), indent=2))


def main():
    parser = argparse.ArgumentParser(prog="python -m alutils", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("record", help=record.__doc__)
    run.set_defaults(command=record)
    run.add_argument("--strategies", nargs="+", required=True)
    run.add_argument("--seeds", nargs="+", type=int, required=True)
    run.add_argument("--folder", type=Path, default=paths.records_dir(), help="book/records")
    for field in fields(RunConfig):
        if field.name in ("strategy", "seed"):
            continue
        if field.type == "bool":
            kind = {"action": argparse.BooleanOptionalAction}
        else:
            kind = {"type": {"str": str, "int": int}.get(field.type, float)}
        required = field.name == "dataset"
        run.add_argument(f"--{field.name}", required=required, default=field.default, **kind)
    commands.add_parser("checksums", help=checksums.__doc__).set_defaults(command=checksums)
    arguments = vars(parser.parse_args())
    try:
        arguments.pop("command")(**arguments)
    except ValueError as error:
        parser.exit(2, f"python -m alutils: {error}\n")


if __name__ == "__main__":
    main()
