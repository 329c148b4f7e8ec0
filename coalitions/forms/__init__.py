"""What was typed, checked. Forms never save."""
