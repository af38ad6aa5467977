# What the service does of its own accord. It is a principal like any other, with the least it needs.

has_standing(p: Principal, "system", _: Service) if p.kind = "system";
has_standing(p: Principal, "system", _: Partner) if p.kind = "system";
has_standing(p: Principal, "system", _: User) if p.kind = "system";

# Sign-in looks up who a token speaks of.
grant("identity", "system", "read", _: User);

# An import writes the facts of one partner, on behalf of whoever runs the command.
grant("importer", "system", "import", _: Partner);

# The operator makes the first partner and its first global admin.
grant("operator", "system", "add_partner", _: Service);
grant("operator", "system", "add_user", _: Partner);

# The demo makes its world, in a database that holds no other partner.
grant("seeder", "system", "seed", _: Service);
grant("seeder", "system", "read", _: Partner);
