# Partners, as other tenants may know them: by name, where there is a link.

has_standing(caller: Principal, "self", partner: Partner) if
  caller.kind = "partner" and partner.id = caller.tenant_id;

# C1: where there is multichannel support, a partner may ask customers for a relationship.
has_standing(caller: Principal, "multichannel_partner", partner: Partner) if
  caller.kind = "partner" and multichannel(caller.cloud) and partner.id = caller.tenant_id;

# SM3: an invited reseller sees the provider; the provider sees the reseller once the reseller has consented.
has_standing(caller: Principal, "partnership", partner: Partner) if
  caller.kind = "partner" and
  partnership in partner.resellers and
  partnership.reseller_id = caller.tenant_id and partnership.status in ["invited", "active"];
has_standing(caller: Principal, "partnership", partner: Partner) if
  caller.kind = "partner" and
  partnership in partner.providers and
  partnership.provider_id = caller.tenant_id and partnership.status = "active";

# SM3, R24: a provider knows the reseller that it has attached to a customer, also after their partnership.
has_standing(caller: Principal, "attaching_provider", partner: Partner) if
  caller.type = "indirect_provider" and
  attachment in partner.provider_attachments and
  attachment.partner_id = caller.tenant_id and attachment.status = "active";

# A customer sees every partner that has asked it for a relationship.
has_standing(caller: Principal, "customer", partner: Partner) if
  caller.kind = "customer" and
  relationship in partner.relationships and relationship.customer_id = caller.tenant_id;

# R65: no hidden reader. A customer sees which partners are attached to it, credited, and named for support.
has_standing(caller: Principal, "customer", partner: Partner) if
  caller.kind = "customer" and
  attachment in partner.attachments and attachment.customer_id = caller.tenant_id;
has_standing(caller: Principal, "customer", partner: Partner) if
  caller.kind = "customer" and
  credited in partner.credited_subscriptions and credited.customer_id = caller.tenant_id;
has_standing(caller: Principal, "customer", partner: Partner) if
  caller.kind = "customer" and
  supported in partner.supported_subscriptions and supported.customer_id = caller.tenant_id;

# R66: the party that accepts may read whom it accepts.
has_standing(caller: Principal, "asked", partner: Partner) if
  caller.kind = "customer" and
  relationship in partner.relationships and
  relationship.customer_id = caller.tenant_id and relationship.status in ["requested", "active"];
has_standing(caller: Principal, "asked", partner: Partner) if
  caller.kind = "partner" and
  partnership in partner.resellers and
  partnership.reseller_id = caller.tenant_id and partnership.status in ["invited", "active"];

# Every user of a partner may read the partner; other tenants may read its name.
grant(role, "self", "read", _: Partner) if
  role in [
    "global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent",
    "account_admin"
  ];
grant(role, "partnership", "read_summary", _: Partner) if business_role(role);
grant(role, "attaching_provider", "read_summary", _: Partner) if business_role(role);
grant("global_admin", "customer", "read_summary", _: Partner);
grant("global_admin", "asked", "read", _: Partner);

# R71: a customer compares what the partners that it knows could do for it.
grant("global_admin", "customer", "read_support_options", _: Partner);

# Role matrix, "request reseller relationship" (C2).
grant(role, "multichannel_partner", action, _: Partner) if
  action in ["request_relationship", "request_relationship_through_provider"] and
  relationship_requester(role);

# C2: delegated admin is requested along with a relationship.
grant(role, "multichannel_partner", "request_delegated_admin", _: Partner) if
  delegated_admin_requester(role);

# Role matrix, "manage reseller partnerships".
grant(role, "self", "invite_reseller", _: Partner) if relationship_manager(role);

# Role matrix, "create customer". R23: a provider creates customers for its resellers, too.
grant(role, "self", "create_customer", _: Partner) if relationship_manager(role);

# SM4c; role matrix, "transfer: NCE create": the partner that is to receive requests the transfer.
grant("admin_agent", "self", "request_transfer", _: Partner);
grant("global_admin", "self", "request_transfer", _: Partner) if
  choice("GLOBAL_ADMINS_REQUEST_TRANSFERS");

# Role matrix, "partner users and roles". The domain decides which roles each of these may assign.
grant(role, "self", "add_user", _: Partner) if user_manager(role);

# SM9: many items of a mutation, each of which is decided by itself.
grant(role, "self", "start_bulk", _: Partner) if bulk_starter(role);

# R22; role matrix, second axis, "create customer": a provider creates the customers of its resellers, and an
# Advisor bills nobody.
forbid("PARTNER_TYPE_CREATES_NO_CUSTOMERS", caller: Principal, "create_customer", _: Partner) if
  caller.type in ["indirect_reseller", "advisor"];

# R22; role matrix, second axis, "direct relationship request": a reseller requests through its provider.
forbid("RESELLERS_ASK_THROUGH_PROVIDER", _caller: Principal, "request_relationship", partner: Partner) if
  partner.type = "indirect_reseller";

# Role matrix, second axis, "direct relationship request": an Advisor has a procedure of its own.
forbid("ADVISORS_DO_NOT_RESELL", _caller: Principal, action: String, partner: Partner) if
  partner.type = "advisor" and
  action in ["request_relationship", "request_relationship_through_provider", "request_delegated_admin"];

# Role matrix, second axis, "indirect invitation": a partner that sells directly requests directly.
forbid("ASKS_DIRECTLY", _caller: Principal, "request_relationship_through_provider", partner: Partner) if
  partner.type = "indirect_provider";
forbid("ASKS_DIRECTLY", _caller: Principal, "request_relationship_through_provider", partner: Partner) if
  partner.type = "direct_bill" and partner.status = "active";

# R19: a restricted direct-bill partner requests nothing directly. Once enrolled as a reseller, it requests
# through its provider; the domain checks the partnership.
forbid("RESTRICTED_PARTNER", _caller: Principal, "request_relationship", partner: Partner) if
  partner.type = "direct_bill" and partner.status = "restricted";

# SPR: only an indirect provider has resellers.
forbid("ONLY_PROVIDERS_INVITE", _caller: Principal, "invite_reseller", partner: Partner) if
  partner.type != "indirect_provider";

# R50: a national cloud may lack the indirect model.
forbid("NO_INDIRECT_MODEL", _caller: Principal, action: String, partner: Partner) if
  lacks_indirect_model(partner.cloud) and
  action in ["request_relationship_through_provider", "invite_reseller"];

# R40: resellers take part in transfers through their provider.
forbid("ONLY_THROUGH_PROVIDER", caller: Principal, "request_transfer", _: Partner) if
  caller.type = "indirect_reseller";

# R28; role matrix, second axis, "transfer source/target": an Advisor bills nothing, so it receives nothing.
forbid("ADVISORS_SELL_NOTHING", caller: Principal, "request_transfer", _: Partner) if
  caller.type = "advisor";

# Vendor's REST surface, "app+user only": an application without a user requests no relationship.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: Partner) if
  caller.auth_mode = "app" and
  action in ["request_relationship", "request_relationship_through_provider", "request_delegated_admin"];

# Vendor's REST surface, "app+user only": an application without a user adds no users.
forbid("PERSON_REQUIRED", caller: Principal, "add_user", _: Partner) if
  caller.kind = "partner" and caller.auth_mode = "app";

# Vendor codes 800039, 900149: a partner that has left the programme asks for nothing. (It is the partner for
# which a request is made that counts, as in the restrictions above.)
forbid("PARTNER_INACTIVE", _caller: Principal, action: String, partner: Partner) if
  partner.status = "inactive" and
  action in [
    "request_relationship", "request_relationship_through_provider", "request_delegated_admin",
    "invite_reseller"
  ];
