"""How much faster a grid of short runs is with two workers, through each door, in one call.

The same runs, in the same minutes, on the same machine; the records must agree bit for bit. The
start of the workers is a part of each time, and is given beside it. Nothing else may run meanwhile.

python tests/stress/speedup.py [--runs 16] [--n-max 1600] [--repeat 3] [--doors processes:2 dask:2]
    [--record]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")})

from counts import keep

from alutils.loop import RunConfig
from alutils.runs import records, schedulers


def grid(n_runs, n_max):
    """Searches on the organics, one a seed."""
    sizes = {"n_init": 100, "n_const": 100, "n_max": n_max, "n_test": 1000}
    return [RunConfig("organics", "property_search", seed=seed, **sizes) for seed in range(n_runs)]


def timed(configs, door):
    """Wall time of the grid in s, and each run's results without times."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        made = dict(records.make(configs, Path(folder), door))
        elapsed = time.perf_counter() - started
    rows = [made[config]["rows"] for config in configs]
    return elapsed, [[row | dict.fromkeys(records.TIMINGS) for row in of_run] for of_run in rows]


def start_up(door):
    """Wall time in s of two tasks that do nothing: until the workers are there, and gone again."""
    started = time.perf_counter()
    dict(schedulers.each(abs, [1, 2], door))
    return time.perf_counter() - started


def main(runs, n_max, repeat, doors, record):
    configs = grid(runs, n_max)
    timed(configs[:1], "serial")  # features and imports are there before the first is timed
    times = {door: [] for door in ("serial", *doors)}
    expected = None
    for _ in range(repeat):
        for door in times:
            elapsed, results = timed(configs, door)
            times[door].append(elapsed)
            expected = expected or results
            if results != expected:
                raise SystemExit(f"{door}: other results than serial")
    rows = []
    for door in doors:
        ratios = [a / b for a, b in zip(times["serial"], times[door], strict=True)]
        row = {"door": door, "s": median(times[door]), "start_s": start_up(door), "ratios": ratios}
        rows.append(row)
        print(
            f"{door}: {row['s']:.1f} s, serial {median(times['serial']):.1f} s, start "
            f"{row['start_s']:.1f} s: {median(ratios):.2f} times as fast ({min(ratios):.2f} to "
            f"{max(ratios):.2f})"
        )
    print(f"{runs} runs to {n_max} molecules, {os.cpu_count()} cores, {repeat} times each")
    if record:
        of = {"runs": runs, "n_max": n_max, "repeat": repeat, "serial_s": median(times["serial"])}
        keep("speedup", of | {"doors": rows})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=16)
    parser.add_argument("--n-max", type=int, default=1600, help="molecules")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="into book/records/soak.json")
    parser.add_argument("--doors", nargs="+", default=["processes:2", "dask:2"])
    main(**vars(parser.parse_args()))
