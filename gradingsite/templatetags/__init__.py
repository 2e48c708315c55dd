"""What templates of every room may load: marks and charts."""
