# What the service does by itself. It is a principal of the kind "system", with the least access it needs.

has_standing(caller: Principal, "system", _: Service) if caller.kind = "system";
has_standing(caller: Principal, "system", _: Partner) if caller.kind = "system";
has_standing(caller: Principal, "system", _: Customer) if caller.kind = "system";
has_standing(caller: Principal, "system", _: User) if caller.kind = "system";
has_standing(caller: Principal, "system", _: Partnership) if caller.kind = "system";
has_standing(caller: Principal, "system", _: ResellerRelationship) if caller.kind = "system";
has_standing(caller: Principal, "system", _: DelegatedAdminGrant) if caller.kind = "system";
has_standing(caller: Principal, "system", _: Subscription) if caller.kind = "system";
has_standing(caller: Principal, "system", _: Transfer) if caller.kind = "system";
has_standing(caller: Principal, "system", _: BulkOperation) if caller.kind = "system";
has_standing(caller: Principal, "system", _: AuditRecord) if caller.kind = "system";

# Sign-in reads the user that a token names. R58: it verifies the domain that the identity provider vouches for.
grant("identity", "system", "read", _: User);
grant("identity", "system", "verify_domain", _: Partner);
grant("identity", "system", "verify_domain", _: Customer);

# R56, R57: whoever holds the code of an invitation, and a token of a trusted issuer, redeems it. The service
# has compared the code; a person who is given access thereby acts in a role of the tenant afterwards.
grant("invitee", "system", "redeem", _: ResellerRelationship);
grant("invitee", "system", "redeem", _: Partnership);

# An import writes records of one partner.
grant("importer", "system", "import", _: Partner);

# R55: the operator adds partners and customers, lists them by name, and manages the users of each, so that a
# tenant has its first global admin and is rid of one that left.
grant("operator", "system", "add_partner", _: Service);
grant("operator", "system", "add_customer", _: Service);
grant("operator", "system", action, _: Partner) if action in ["read_summary", "add_user"];
grant("operator", "system", action, _: Customer) if action in ["read_summary", "add_user"];
grant("operator", "system", action, _: User) if action in ["read", "disable", "enable"];

# The demo creates its data in a database that holds no other partner.
grant("seeder", "system", "seed", _: Service);
grant("seeder", "system", "read", _: Partner);

# The expiry job writes status changes that are due: a request was not answered, a term has ended, an audit
# record has reached the end of its retention period.
grant("sweeper", "system", "expire", _: ResellerRelationship);
grant("sweeper", "system", "expire", _: DelegatedAdminGrant);
grant("sweeper", "system", "expire", _: Subscription);
grant("sweeper", "system", "expire", _: Transfer);
grant("sweeper", "system", "expire", _: AuditRecord);
# Events and idempotency keys belong to the service.
grant("sweeper", "system", "expire", _: Service);

# SM9: the service runs bulk operations. It runs their items as the user who started them, and nothing as itself.
grant("bulk_runner", "system", "run_bulk", _: Service);
grant("bulk_runner", "system", "run_bulk", _: BulkOperation);

# R53: the auditor verifies the audit log and writes nothing.
grant("auditor", "system", "read", _: AuditRecord);

# R52: the expiry job works in one national cloud at a time, and an invitation is redeemed in its own.
forbid("CROSS_CLOUD", caller: Principal, _action: String, partnership: Partnership) if
  partnership.cloud != caller.cloud;
forbid("CROSS_CLOUD", caller: Principal, _action: String, relationship: ResellerRelationship) if
  relationship.cloud != caller.cloud;
forbid("CROSS_CLOUD", caller: Principal, _action: String, delegation: DelegatedAdminGrant) if
  delegation.cloud != caller.cloud;
forbid("CROSS_CLOUD", caller: Principal, _action: String, subscription: Subscription) if
  subscription.cloud != caller.cloud;
forbid("CROSS_CLOUD", caller: Principal, _action: String, transfer: Transfer) if
  transfer.cloud != caller.cloud;
