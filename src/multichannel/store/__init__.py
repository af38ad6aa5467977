"""The only package that talks to a database; everything it returns has been decided by the policy."""
