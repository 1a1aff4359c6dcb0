"""What must never break: files from strangers, killed processes, names that lead elsewhere."""
