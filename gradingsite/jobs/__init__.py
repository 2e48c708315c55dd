"""Background jobs and the files they make. The row in the database is the truth; the broker only nudges."""
