"""A fictional coalition to look around in: nobody and nothing in it exists."""
