"""Files that are whole or absent, where they lie, and the checksums that the project keeps.

Each checksum answers one question that no other does:

=============================  ===================================================================
file sha256, MD5               is this download, or embedded pool, the file that we mean?
``MoleculeDataset.sha256``     are these the same molecules and labels, whatever file they came in?
name of a cached array         was it made from this data with these settings? (its own sha256 in
                               the note beside it: is it undamaged?)
sha256 of what is kept         is this small result, such as an embedded geometry, undamaged?
name of a record               is this the run of this configuration?
seal of a record, a campaign   was a digit changed after it was made?
``NUMERICS_VERSION``           would today's code compute the same numbers?
fingerprint of a strategy      is this reader's function the one that the record was made with?
``Scorer.sha256``              were these chunks of a large pool scored by this model?
stamp of a page                has what this page was made from changed, or the page itself?
=============================  ===================================================================
"""
