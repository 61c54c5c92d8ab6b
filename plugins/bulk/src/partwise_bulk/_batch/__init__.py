"""Batch endpoints: requests in files, answered within a day for half the price."""
