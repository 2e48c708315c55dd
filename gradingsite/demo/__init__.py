"""The demo: a real county with its people, last year's round finished and this year's in mid-course."""
