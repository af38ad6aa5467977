"""What policies can speak about: actions, roles, principals, resources and their facts."""
