# Customers. The company profile belongs to the customer; all partners that serve the customer share it.

# R4: an active reseller relationship is the customer's permission.
has_standing(caller: Principal, "relationship_holder", customer: Customer) if
  caller.kind = "partner" and
  relationship in customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "active";

# R23, R24: a provider attaches a reseller to a customer that it created for the reseller.
has_standing(caller: Principal, "attached_reseller", customer: Customer) if
  caller.type = "indirect_reseller" and
  relationship in customer.relationships and
  relationship.associated_partner_id = caller.tenant_id and relationship.status = "active";

has_standing(caller: Principal, "customer", customer: Customer) if
  caller.kind = "customer" and customer.id = caller.tenant_id;

# Role matrix, "search / view customers".
grant(role, "relationship_holder", "read", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant(role, "attached_reseller", "read", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read", _: Customer);

# Role matrix, "use multichannel" and "add licences" (user management), "view subscriptions" (billing): these
# roles have to be able to name the customer. The profile itself stays closed to them.
grant(role, "relationship_holder", "read_summary", _: Customer) if
  role in ["user_management_admin", "billing_admin"];

# Role matrix, "edit customer details".
grant(role, "relationship_holder", "update", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "update", _: Customer);

# SM6; role matrix, "confirm MCA (attest)" for the partner, "sign MCA" for the customer's global admin.
# C5: later editions list the partner's global admin for agreements; to follow them, add global_admin here.
grant(role, "relationship_holder", "confirm_agreement", _: Customer) if
  role in ["admin_agent", "sales_agent"];
grant("global_admin", "customer", "confirm_agreement", _: Customer);

# Role matrix, "partner users and roles": a customer manages its own users with the same roles. A partner's
# roles count for nothing there.
grant(role, "customer", "add_user", _: Customer) if
  role in ["global_admin", "user_management_admin", "account_admin"];

# R4: what the customer bought elsewhere is recorded by the customer, or by a partner for itself.
grant("global_admin", "customer", "record_subscription", _: Customer);
grant(role, "relationship_holder", "record_subscription", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent"];

# R21; role matrix, "buy / create subscription": the seller itself holds the relationship.
# C4, C5: the vendor's pages disagree about global admins, helpdesk agents and billing admins. The roles here
# are those that every page lists. To let others buy, uncomment:
grant(role, "relationship_holder", "create_subscription", _: Customer) if
  role in ["admin_agent", "sales_agent"];
# grant("global_admin", "relationship_holder", "create_subscription", _: Customer);
# grant("helpdesk_agent", "relationship_holder", "create_subscription", _: Customer);
# grant("billing_admin", "relationship_holder", "create_subscription", _: Customer);

# Vendor's REST surface, "app+user only": an application without a user attests nothing and adds no users.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: Customer) if
  action in ["confirm_agreement", "add_user"] and
  caller.auth_mode = "app";

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", caller: Principal, _action: String, customer: Customer) if
  customer.cloud != caller.cloud;

# Vendor codes 800039, 900149: a partner that has left the programme keeps its data and changes nothing.
forbid("PARTNER_INACTIVE", caller: Principal, action: String, _: Customer) if
  caller.status = "inactive" and
  action in ["update", "confirm_agreement", "record_subscription", "create_subscription"];

# R19: a restricted partner sells nothing new.
forbid("RESTRICTED_PARTNER", caller: Principal, "create_subscription", _: Customer) if
  caller.status = "restricted";

# R22: resellers buy and bill nothing; their provider does.
forbid("RESELLERS_SELL_NOTHING", caller: Principal, "create_subscription", _: Customer) if
  caller.type = "indirect_reseller";

# Role matrix, second axis: an Advisor earns a fee and bills nothing.
forbid("ADVISORS_SELL_NOTHING", caller: Principal, "create_subscription", _: Customer) if
  caller.type = "advisor";

# R12: a partner sells in its own market.
forbid("DIFFERENT_MARKET", caller: Principal, "create_subscription", customer: Customer) if
  customer.market != caller.market;
