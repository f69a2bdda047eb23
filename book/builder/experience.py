"""The table that advice rests on, made of the tracked sweeps: it comes with the package.

python -m book.builder.experience
"""

from alutils.analysis import advice
from alutils.storage.files import write_text

if __name__ == "__main__":
    rows = advice.recorded()
    write_text(advice.EXPERIENCE, rows.to_csv(index=False, float_format="%.10g"))
    print(f"{len(rows)} searches in {advice.EXPERIENCE.name}")
