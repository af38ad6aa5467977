"""The demo: an issuer on the disk, a world of invented companies, and its personas."""
