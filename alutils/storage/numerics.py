"""The version of the numerics: what a record was made by, and when it is stale."""

NUMERICS_VERSION = 1
# What each version brought. Raise it with any change beyond the tolerances of `records.verify` that
# tests/test_golden.py finds, and make the records anew.
HISTORY = {
    1: "exact GP with restarts on subsets, MBTR on principal axes, the loop of the paper's Fig. 2",
}
