"""The embedded log: writer, reader, keys, erasure, compaction, verification, backup, snapshots."""
