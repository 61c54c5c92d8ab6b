"""One call as a state machine without I/O: attempts, retries, budgets, hooks."""
