"""The suite's checks, a module for each group. `ProviderConformance` has them all."""
