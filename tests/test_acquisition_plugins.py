"""A reader's own strategy: one function and one entry, as the README says, and nothing else."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = """
import numpy as np
import pandas as pd
from alutils import figures, loop, strategies
from alutils.data.datasets import MoleculeDataset

assert strategies.LETTERS["P"] == "closest_to_threshold"
rng = np.random.default_rng(3)
X = rng.normal(size=(200, 5)) * 200
pool = MoleculeDataset("toy", np.tanh(X[:, 0] / 200) - 6, X=X)
frames = []
for name in ("random", "closest_to_threshold"):
    for seed in (0, 1):
        config = loop.RunConfig("toy", name, "pow", 20, 20, 80, 40, n_restarts=0, seed=seed)
        rows = [step.row for step in loop.steps(config, pool, X - X.mean(axis=0))]
        frames.append(loop.to_frame(config, rows))
records = pd.concat(frames)
found = records[records["n_train"] == 80].groupby("strategy")["n_found"].mean()
assert found["closest_to_threshold"] > found["random"]
figure = figures.learning_curves(records)
legend = figure.axes[0].get_legend()
assert "P closest to threshold" in [text.get_text() for text in legend.get_texts()]
"""


def test_the_readmes_example_works_as_pasted(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = (
        block.split("```")[0]
        for block in readme.split("```python\n")[1:]
        if block.startswith("def closest_to_threshold")
    )
    source = (ROOT / "alutils/acquisition/strategies.py").read_text(encoding="utf-8")
    entry = '    "thompson_samples": searches.thompson_samples,\n}'
    assert source.count(entry) == 1
    added = entry[:-1] + '    "closest_to_threshold": closest_to_threshold,\n}'
    copy = tmp_path / "alutils"
    copy.mkdir()
    for path in (ROOT / "alutils").iterdir():
        if path.name not in ("strategies.py", "__pycache__"):
            (copy / path.name).symlink_to(path)
    (copy / "strategies.py").write_text(
        source.replace("STRATEGIES = {", f"{example}\n\nSTRATEGIES = {{").replace(entry, added)
    )
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
