"""What is fetched from the token service and kept fresh."""
