# Bulk operations (SM9): a mutation for many items, on behalf of a user of a tenant.

has_standing(caller: Principal, "self", operation: BulkOperation) if
  caller.kind in ["partner", "customer"] and operation.tenant_id = caller.tenant_id;

# The results are ids and codes; what they name is decided when it is read. The policy knows no users, so that
# the roles that start bulk operations read and cancel those of the tenant, and not only the one who did.
grant(role, "self", action, _: BulkOperation) if
  action in ["read", "cancel"] and bulk_starter(role);
