"""Commands of the release: `make version`, `make dist`."""
