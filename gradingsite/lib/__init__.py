"""A small kernel that knows no app and no ORM."""
