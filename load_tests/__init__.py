"""Benchmarks: each figure is a ratio against a control that ran in turn with it, in the same run."""
