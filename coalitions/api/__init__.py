"""The same services, permissions and versions as the pages, for programs."""
