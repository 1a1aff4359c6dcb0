"""Benchmarks: workloads, peers, and what the machine can do at most."""
