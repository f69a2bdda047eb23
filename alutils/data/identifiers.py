"""Identifiers: any plain text, and each molecule's own."""

from __future__ import annotations

import unicodedata
from collections import Counter

from alutils.data.records import Bad, Record

UNFIT = ("Cc", "Cs", "Zl", "Zp")  # line breaks and controls: no table or comment line holds them


def wrong_identifier(one):
    """What is wrong with an identifier; None for a plain one."""
    if not one.strip():
        return "an empty identifier"
    if any(unicodedata.category(letter) in UNFIT for letter in one):
        return f"an identifier with a line break or the like, {one[:80]!r}: give it a plain one"
    return None


def identified(found):
    """The records with different identifiers: names that several share get numbers.

    An identifier of their own that several share is a `Bad` from the second on.
    """
    records = [one for one in found if isinstance(one, Record)]
    often = Counter(one.id for one in records)
    taken, numbers, first, done = set(often), Counter(), {}, []
    for one in found:
        reason = wrong_identifier(one.id) if isinstance(one, Record) else None
        if reason:
            one = Bad(one.place, one.id, f"has {reason}")
        elif isinstance(one, Record) and often[one.id] > 1:
            if one.own_id and one.id in first:
                reason = f"{first[one.id]} has the identifier {one.id!r} too: give each its own"
                one = Bad(one.place, one.id, reason)
            elif one.own_id:
                first[one.id] = one.place
            else:
                one.id = _next(one.id, numbers, taken)
        done.append(one)
    return done


def _next(name, numbers, taken):
    """The name with the next number that is free."""
    while True:
        numbers[name] += 1
        one = f"{name}_{numbers[name]}"
        if one not in taken:
            taken.add(one)
            return one
