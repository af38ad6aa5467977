# What the service does of its own accord. It is a principal like any other, with the least it needs.

has_standing(p: Principal, "system", _: Service) if p.kind = "system";
has_standing(p: Principal, "system", _: Partner) if p.kind = "system";
has_standing(p: Principal, "system", _: User) if p.kind = "system";
has_standing(p: Principal, "system", _: ResellerRelationship) if p.kind = "system";
has_standing(p: Principal, "system", _: Subscription) if p.kind = "system";
has_standing(p: Principal, "system", _: Transfer) if p.kind = "system";
has_standing(p: Principal, "system", _: AuditRecord) if p.kind = "system";

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

# The sweeper writes down what time has done: nobody answered, a term ended, a record has been kept long enough.
# It works in one national cloud at a time, for nothing crosses them (R52).
grant("sweeper", "system", "expire", _: ResellerRelationship);
grant("sweeper", "system", "expire", _: Subscription);
grant("sweeper", "system", "expire", _: Transfer);
grant("sweeper", "system", "expire", _: AuditRecord);
# Events and idempotency keys are the service's own.
grant("sweeper", "system", "expire", _: Service);

# The auditor walks the chains and writes nothing (R53).
grant("auditor", "system", "read", _: AuditRecord);
