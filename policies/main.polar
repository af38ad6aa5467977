# How a decision is made. An action is allowed if `allow` holds and no `forbid` does. Everything else is
# denied, also what cannot be decided because of an error. Read the grants to learn what a role may do, and
# the restrictions to learn why something is denied.

resource Service {}
resource Partner {}
resource Partnership {}
resource ResellerRelationship {}
resource DelegatedAdminGrant {}
resource Customer {}
resource BillingProfile {}
resource CustomerAgreement {}
resource Subscription {}
resource SubscriptionShare {}
resource SupportCase {}
resource VendorTask {}
resource BulkOperation {}
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

# Whoever may read a record may read its summary.
grant(role, standing, "read_summary", resource) if
  grant(role, standing, "read", resource);

# R52: nothing crosses national clouds, except for the service itself.
forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Resource) if
  caller.kind in ["partner", "customer"] and record.cloud != caller.cloud;

# Vendor codes 800039, 900149: a partner that has left the programme keeps its data and changes nothing. It
# still manages its users (`add_user`, `update_roles`), so that it can remove their access.
forbid("PARTNER_INACTIVE", caller: Principal, action: String, _: Resource) if
  caller.status = "inactive" and changes(action);

changes(action) if
  action in [
    "create_customer", "update", "link", "confirm_agreement", "record_subscription", "create_subscription",
    "suspend", "reactivate", "cancel", "cancel_service", "move_to_csp", "assign_support_contact",
    "assign_partner_of_record", "request_transfer", "release", "consent", "accept", "decline", "remove",
    "detach_reseller", "extend", "approve", "reduce", "terminate", "set_auto_extend", "invite",
    "open_support_case", "comment", "assign", "resolve", "reopen", "close", "complete_vendor_task"
  ];

# R19: a restricted partner takes on no new customers, sells nothing new and receives no transfers.
forbid("RESTRICTED_PARTNER", caller: Principal, action: String, _: Resource) if
  caller.status = "restricted" and takes_on(action);

takes_on(action) if sells(action);
takes_on("create_customer");
takes_on("request_transfer");

# R22: resellers buy and bill nothing; their provider does.
forbid("RESELLERS_SELL_NOTHING", caller: Principal, action: String, _: Resource) if
  caller.type = "indirect_reseller" and sells(action);

# Role matrix, second axis: an Advisor earns a fee and bills nothing.
forbid("ADVISORS_SELL_NOTHING", caller: Principal, action: String, _: Resource) if
  caller.type = "advisor" and sells(action);

# R12: a partner sells in its own market; nothing to a customer whose market is unknown.
forbid("DIFFERENT_MARKET", caller: Principal, action: String, record: Resource) if
  sells(action) and record.market != caller.market;

sells(action) if
  action in ["create_subscription", "move_to_csp"];
