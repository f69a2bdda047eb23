"""The three embedded molecule pools and the code that makes them (extra ``xtb``)."""
