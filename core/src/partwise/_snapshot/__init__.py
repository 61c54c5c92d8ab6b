"""JSON events to snapshots, with structural sharing."""
