"""How types, fields, filters, connections and mutations are declared and resolved."""
