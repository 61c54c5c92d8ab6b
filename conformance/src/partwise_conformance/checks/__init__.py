"""The suite's tests, by what they are about. `ProviderConformance` has them all."""
