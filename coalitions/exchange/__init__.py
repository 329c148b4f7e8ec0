"""What comes in from files and goes out to them: reading, checking, finding look-alikes, writing safely."""
