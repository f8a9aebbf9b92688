"""Compares carillon with others; test/bench/run is the program."""
