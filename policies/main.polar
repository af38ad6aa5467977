# How a decision is made. An action is allowed if `allow` holds and no `forbid` does. Everything else is
# denied, also what cannot be decided because of an error. Read the grants to learn what a role may do, and
# the restrictions to learn why something is denied.

resource Service {}
resource Partner {}
resource Partnership {}
resource ResellerRelationship {}
resource Customer {}
resource BillingProfile {}
resource CustomerAgreement {}
resource Subscription {}
resource Transfer {}
resource User {}
resource AuditRecord {}

type allow(principal: Principal, action: String, resource: Resource);
type has_standing(principal: Principal, standing: String, resource: Resource);
type forbid(reason: String, principal: Principal, action: String, resource: Resource);

# A standing is what the principal's tenant is to the resource. A grant gives a role an action at a standing.
# (Standings are asked first because there are fewer of them: for a list, this order is half the work.)
allow(principal: Principal, action: String, resource) if
  has_standing(principal, standing, resource) and
  grant(role, standing, action, resource) and
  role in principal.roles;

# C1: the national clouds that have multichannel support, and requests for relationships (R4, R50). The
# vendor's pages disagree about the US government cloud; take its line away to close it there.
multichannel("public");
multichannel("us_government");

# Whoever may read a record may read its summary.
grant(role, standing, "read_summary", resource) if
  grant(role, standing, "read", resource);
