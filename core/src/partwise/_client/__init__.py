"""The objects that users hold: clients, streams and views, and the drivers that do the I/O."""
