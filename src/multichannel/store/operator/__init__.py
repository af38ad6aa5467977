"""Direct reads for operators who hold the database; no request comes here."""
