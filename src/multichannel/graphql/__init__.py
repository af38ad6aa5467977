"""The GraphQL face of the service: fields declared, gated and answered; nothing imports from here."""
