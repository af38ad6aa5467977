# Customers. The company profile belongs to the customer; all partners that serve the customer share it.

# R4: an active reseller relationship is the customer's permission.
has_standing(caller: Principal, "relationship_holder", customer: Customer) if
  caller.kind = "partner" and
  relationship in customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "active";

# R62: of a customer that has ended the relationship, a partner keeps the name: it may still bill something.
has_standing(caller: Principal, "former_partner", customer: Customer) if
  caller.kind = "partner" and
  relationship in customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "ended_by_customer";

# R23, R24: a provider attaches a reseller to a customer that it created for the reseller.
has_standing(caller: Principal, "attached_reseller", customer: Customer) if
  caller.type = "indirect_reseller" and
  relationship in customer.relationships and
  relationship.associated_partner_id = caller.tenant_id and relationship.status = "active";

# R59: an active grant of delegated admin with the right to manage users.
has_standing(caller: Principal, "delegated_manage_users", customer: Customer) if
  caller.kind = "partner" and
  delegation in customer.delegated_admin_grants and
  delegation.partner_id = caller.tenant_id and delegation.status = "active" and
  delegation.manage_users = true;

# The customer itself.
has_standing(caller: Principal, "customer", customer: Customer) if
  caller.kind = "customer" and customer.id = caller.tenant_id;

# Role matrix, "search / view customers".
grant(role, "relationship_holder", "read", _: Customer) if customer_manager(role);
grant(role, "attached_reseller", "read", _: Customer) if customer_manager(role);
grant("global_admin", "customer", "read", _: Customer);

# Role matrix, "use multichannel" and "add licences" (user management), "view subscriptions" (billing): these
# roles have to be able to name the customer. The profile itself stays closed to them.
grant(role, "relationship_holder", "read_summary", _: Customer) if
  role in ["user_management_admin", "billing_admin"];
grant(role, "former_partner", "read_summary", _: Customer) if customer_manager(role);
grant(role, "former_partner", "read_summary", _: Customer) if role in ["user_management_admin", "billing_admin"];

# R65: a customer has no hidden reader. Its global admin reads who may do what.
grant("global_admin", "customer", "read_access", _: Customer);

# R65; role matrix, "partner users and roles": the roles that manage users read what each of their own people may
# do with a customer that they see themselves.
grant(role, standing, "read_own_access", customer: Customer) if
  user_manager(role) and grant(role, standing, "read_summary", customer);

# Role matrix, "edit customer details".
grant(role, "relationship_holder", "update", _: Customer) if customer_manager(role);
grant("global_admin", "customer", "update", _: Customer);

# R54; role matrix, "create customer": the partner that created a customer names its directory, once the vendor
# has provisioned it.
grant(role, "relationship_holder", "link", _: Customer) if relationship_manager(role);

# A partner's own name and tags for a customer are its own notes: whoever reads the customer sets them.
grant(role, standing, "label", customer: Customer) if
  standing in ["relationship_holder", "attached_reseller"] and
  grant(role, standing, "read", customer);

# R63: with whom new records are shared is the customer's decision.
grant("global_admin", "customer", "set_sharing", _: Customer);

# SM6; role matrix, "confirm MCA (attest)" for the partner (C5), "sign MCA" for the customer's global admin.
grant(role, "relationship_holder", "confirm_agreement", _: Customer) if seller(role);
grant("global_admin", "relationship_holder", "confirm_agreement", _: Customer) if
  choice("GLOBAL_ADMINS_CONFIRM_AGREEMENTS");
grant("global_admin", "customer", "confirm_agreement", _: Customer);

# Role matrix, "partner users and roles": a customer manages its own users with the same roles. A partner's
# roles count for nothing there.
grant(role, "customer", "add_user", _: Customer) if user_manager(role);

# SM9: many items of a mutation, each of which is decided by itself.
grant(role, "customer", "start_bulk", _: Customer) if bulk_starter(role);

# R59: a partner that may manage the customer's users adds some.
grant(role, "delegated_manage_users", "add_user", _: Customer) if delegate(role);

# R4: what the customer bought elsewhere is recorded by the customer, or by a partner for itself.
grant("global_admin", "customer", "record_subscription", _: Customer);
grant(role, "relationship_holder", "record_subscription", _: Customer) if subscription_manager(role);

# R21; role matrix, "buy / create subscription": the seller itself holds the relationship. Without a choice,
# the roles that buy are those that every page of the vendor lists (C4, C5).
grant(role, "relationship_holder", "create_subscription", _: Customer) if buyer(role);

buyer(role) if seller(role);
buyer("global_admin") if choice("GLOBAL_ADMINS_BUY");
buyer("helpdesk_agent") if choice("HELPDESK_AGENTS_BUY");
buyer("billing_admin") if choice("BILLING_ADMINS_BUY");

# Vendor's REST surface, "app+user only": an application without a user attests nothing, adds no users and
# names no directory.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: Customer) if
  action in ["confirm_agreement", "add_user", "link"] and
  caller.auth_mode = "app";

# Vendor codes 800039, 900149: a partner that has left the programme manages its own users, and no customer's.
forbid("PARTNER_INACTIVE", caller: Principal, "add_user", _: Customer) if
  caller.status = "inactive";
