"""What was measured and logged, made ready for words and pictures; nothing is measured here."""
