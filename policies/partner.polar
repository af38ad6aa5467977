# Partners, as other tenants may know them: by name, where there is a link.

has_standing(p: Principal, "self", pr: Partner) if
  p.kind = "partner" and pr.id = p.tenant_id;

# C1: where there is multichannel support, a partner may ask customers for a relationship.
has_standing(p: Principal, "multichannel_partner", pr: Partner) if
  p.kind = "partner" and multichannel(p.cloud) and pr.id = p.tenant_id;

# SM3: who invites introduces itself, and hears nothing of whoever it invited until that one consents.
has_standing(p: Principal, "partnership", pr: Partner) if
  p.kind = "partner" and
  ps in pr.resellers and ps.reseller_id = p.tenant_id and ps.status in ["invited", "active"];
has_standing(p: Principal, "partnership", pr: Partner) if
  p.kind = "partner" and
  ps in pr.providers and ps.provider_id = p.tenant_id and ps.status = "active";

# Whoever asked a customer for a relationship has introduced itself.
has_standing(p: Principal, "customer", pr: Partner) if
  p.kind = "customer" and
  r in pr.relationships and r.customer_id = p.tenant_id;

# Everybody of a partner knows the partner; everybody else knows names.
grant(role, "self", "read", _: Partner) if
  role in ["global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent", "account_admin"];
grant(role, "partnership", "read_summary", _: Partner) if
  role in ["global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read_summary", _: Partner);

# Role matrix, "request reseller relationship". C2: the vendor's pages name different roles; here it is all of them.
# To follow the page on requests alone, take user_management_admin away.
grant(role, "multichannel_partner", action, _: Partner) if
  action in ["request_relationship", "request_relationship_through_provider"] and
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# C2: delegated admin privileges are asked for by those who will have them. Two pages name sales agents, too:
# add sales_agent to follow them.
grant(role, "multichannel_partner", "request_delegated_admin", _: Partner) if
  role in ["global_admin", "admin_agent"];

# Role matrix, "manage reseller partnerships".
grant(role, "self", "invite_reseller", _: Partner) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# Role matrix, "create customer". R23: a provider creates them for its resellers, too.
grant(role, "self", "create_customer", _: Partner) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# Role matrix, "partner users and roles". Which roles each of these may give is the domain's to say.
grant(role, "self", "add_user", _: Partner) if
  role in ["global_admin", "user_management_admin", "account_admin"];

# Second axis, "create customer": R22, a reseller's customers are created by its provider; an Advisor bills nobody.
forbid("PARTNER_TYPE_CREATES_NO_CUSTOMERS", p: Principal, "create_customer", _: Partner) if
  p.type in ["indirect_reseller", "advisor"];

# R19: a restricted direct-bill partner takes on nobody new.
forbid("RESTRICTED_PARTNER", p: Principal, "create_customer", _: Partner) if
  p.status = "restricted";

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", p: Principal, "create_customer", _: Partner) if
  p.status = "inactive";

# Vendor's REST surface, "app+user only": an application alone makes no users.
forbid("PERSON_REQUIRED", p: Principal, "add_user", _: Partner) if
  p.kind = "partner" and p.auth_mode = "app";

# Role matrix, "transfer: NCE create"; whoever is to receive asks (SM4c).
grant("admin_agent", "self", "request_transfer", _: Partner);
# C3: the vendor's older pages list global admins, too. To let them, uncomment:
# grant("global_admin", "self", "request_transfer", _: Partner);

# Second axis, "direct relationship request": a reseller asks through its provider (R22); an Advisor has a flow of its own.
forbid("RESELLERS_ASK_THROUGH_PROVIDER", _p: Principal, "request_relationship", pr: Partner) if
  pr.type = "indirect_reseller";
forbid("ADVISORS_DO_NOT_RESELL", _p: Principal, action: String, pr: Partner) if
  pr.type = "advisor" and
  action in ["request_relationship", "request_relationship_through_provider", "request_delegated_admin"];

# R19: a restricted direct-bill partner asks nobody directly. Enrolled as a reseller, which takes a partnership
# that the domain looks for, it asks through its provider.
forbid("RESTRICTED_PARTNER", _p: Principal, "request_relationship", pr: Partner) if
  pr.type = "direct_bill" and pr.status = "restricted";

# Second axis, "indirect invitation": who sells directly asks directly.
forbid("ASKS_DIRECTLY", _p: Principal, "request_relationship_through_provider", pr: Partner) if
  pr.type = "indirect_provider";
forbid("ASKS_DIRECTLY", _p: Principal, "request_relationship_through_provider", pr: Partner) if
  pr.type = "direct_bill" and pr.status = "active";

# SPR: only an indirect provider has resellers.
forbid("ONLY_PROVIDERS_INVITE", _p: Principal, "invite_reseller", pr: Partner) if
  pr.type != "indirect_provider";

# R50: the vendor lists the indirect model as missing in the US government cloud, and C1 is about multichannel
# support alone. To open it there, take these lines away, here, in partnership.polar and in relationship.polar.
forbid("NO_INDIRECT_MODEL", _p: Principal, action: String, pr: Partner) if
  pr.cloud = "us_government" and
  action in ["request_relationship_through_provider", "invite_reseller"];

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", _p: Principal, action: String, pr: Partner) if
  pr.status = "inactive" and
  action in ["request_relationship", "request_relationship_through_provider", "request_delegated_admin", "invite_reseller"];

# Vendor's REST surface, "app+user only": an application alone asks nobody for a relationship.
forbid("PERSON_REQUIRED", p: Principal, action: String, _: Partner) if
  p.auth_mode = "app" and
  action in ["request_relationship", "request_relationship_through_provider", "request_delegated_admin"];

# R52: nothing crosses national clouds, but for the service itself.
forbid("CROSS_CLOUD", p: Principal, _action: String, pr: Partner) if
  p.kind in ["partner", "customer"] and pr.cloud != p.cloud;

# Second axis, "transfer source/target": R19, a restricted partner receives nothing new.
forbid("RESTRICTED_PARTNER", p: Principal, "request_transfer", _: Partner) if
  p.status = "restricted";
forbid("PARTNER_INACTIVE", p: Principal, "request_transfer", _: Partner) if
  p.status = "inactive";
# R40: resellers take part in transfers through their provider.
forbid("ONLY_THROUGH_PROVIDER", p: Principal, "request_transfer", _: Partner) if
  p.type = "indirect_reseller";
forbid("ADVISORS_SELL_NOTHING", p: Principal, "request_transfer", _: Partner) if
  p.type = "advisor";
