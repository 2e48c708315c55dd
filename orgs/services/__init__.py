"""What one can do to organisations, people and posts, and ``move()``: verbs, each one transaction."""
