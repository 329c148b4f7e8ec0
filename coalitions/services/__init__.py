"""One function for each thing a person can do: one transaction each, all of them leave a trace."""
