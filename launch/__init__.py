"""Starts Muster on one machine: its servers, its programs, its tests. Standard library only."""
