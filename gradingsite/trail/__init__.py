"""The audit trail: who did what to which record, when, from what to what, and why; append-only and chained."""
