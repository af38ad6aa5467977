# How a decision is made. The service allows what `allow` grants and no `forbid` takes away; anything
# unknown, and any failure, is a no. To read what one may do, read the grants; to learn why not, the
# restrictions.

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

# What the principal's tenant is to the resource is its standing; a role may be granted an action there.
# (Standings come first because they are the fewer: asked of all records at once, this order is half the work.)
allow(principal: Principal, action: String, resource) if
  has_standing(principal, standing, resource) and
  grant(role, standing, action, resource) and
  role in principal.roles;

# C1: multichannel support, and the requests that lead to it (R4, R50), by national cloud. The vendor's own
# pages disagree about the US government cloud; take its line away to close it there.
multichannel("public");
multichannel("us_government");

# Whoever reads a thing reads its summary too.
grant(role, standing, "read_summary", resource) if
  grant(role, standing, "read", resource);
