"""Pages and their fragments, a module for each page."""
