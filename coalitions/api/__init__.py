"""The same coalition for programs: the services, permissions and versions of the pages, as JSON."""
