# Subscriptions. A subscription that a CSP partner sells is hidden from every other partner, unless that
# partner was given a part in it (R8, R24).

# R62: what a partner sells is its own until it has ended, also after the customer has ended the relationship.
has_standing(caller: Principal, "billing_partner", subscription: Subscription) if
  caller.kind = "partner" and bills(caller, subscription);

bills(caller: Principal, subscription) if
  subscription.channel = "csp" and subscription.billing_partner_id = caller.tenant_id and
  subscription.status in ["none", "active", "pending", "suspended"];
bills(caller: Principal, subscription) if
  subscription.channel = "csp" and subscription.billing_partner_id = caller.tenant_id and
  keeps_records(caller, subscription) and subscription.status in ["expired", "disabled", "deleted"];

# R62: records stay with a partner unless the customer was the one to end the relationship.
keeps_records(caller: Principal, subscription) if
  relationship in subscription.customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status in ["active", "removed"];

# R24, R25: the partner of record is credited for the subscription. Credit is no delegation.
has_standing(caller: Principal, "partner_of_record", subscription: Subscription) if
  caller.type = "indirect_reseller" and
  subscription.channel = "csp" and subscription.partner_of_record_id = caller.tenant_id;

# R26, R70: the designated support contact, in any channel, while the customer works with it: directly, or
# through its provider.
has_standing(caller: Principal, "support_contact", subscription: Subscription) if
  supports(caller, subscription);

supports(caller: Principal, subscription) if
  caller.kind = "partner" and subscription.support_contact_id = caller.tenant_id and
  relationship in subscription.customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "active";
supports(caller: Principal, subscription) if
  caller.kind = "partner" and subscription.support_contact_id = caller.tenant_id and
  relationship in subscription.customer.relationships and
  relationship.associated_partner_id = caller.tenant_id and relationship.status = "active";

# R24: a reseller that the billing provider has attached to the customer.
has_standing(caller: Principal, "attached_reseller", subscription: Subscription) if
  caller.type = "indirect_reseller" and subscription.channel = "csp" and
  relationship in subscription.customer.relationships and
  relationship.partner_id = subscription.billing_partner_id and
  relationship.associated_partner_id = caller.tenant_id and relationship.status = "active";

# R63: the customer says which partners its own records are shared with.
shared_with(_caller: Principal, subscription: Subscription) if
  subscription.sharing = "all_partners";
shared_with(caller: Principal, subscription: Subscription) if
  subscription.sharing = "selected" and
  share in subscription.shares and share.partner_id = caller.tenant_id;

# R4: a relationship opens what the customer bought elsewhere, as far as the customer shares it, and never what
# another CSP partner sells (R8).
has_standing(caller: Principal, "relationship_holder", subscription: Subscription) if
  caller.kind = "partner" and multichannel(caller.cloud) and
  subscription.channel != "csp" and subscription.recorded_by = "customer" and
  shared_with(caller, subscription) and
  relationship in subscription.customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "active";

# R59: an active grant of delegated admin opens what the customer itself recorded as bought elsewhere, as far as
# the customer shares it, and never what another CSP partner sells (R8).
has_standing(caller: Principal, "delegated_support", subscription: Subscription) if
  caller.kind = "partner" and multichannel(caller.cloud) and
  subscription.channel != "csp" and subscription.recorded_by = "customer" and
  shared_with(caller, subscription) and
  delegation in subscription.customer.delegated_admin_grants and
  delegation.partner_id = caller.tenant_id and delegation.status = "active" and
  delegation.support = true;

# R59: an active grant of delegated admin lets a partner manage what the customer itself recorded.
has_standing(caller: Principal, "delegated_manage_subscriptions", subscription: Subscription) if
  caller.kind = "partner" and multichannel(caller.cloud) and
  subscription.channel != "csp" and subscription.recorded_by = "customer" and
  shared_with(caller, subscription) and
  delegation in subscription.customer.delegated_admin_grants and
  delegation.partner_id = caller.tenant_id and delegation.status = "active" and
  delegation.manage_subscriptions = true;

# A partner's own record of another channel's subscription is seen by that partner and the customer; after the
# customer has ended the relationship, by the customer alone (R62).
has_standing(caller: Principal, "recorder", subscription: Subscription) if
  caller.kind = "partner" and
  subscription.channel != "csp" and subscription.recorded_by = "partner" and
  subscription.owner_id = caller.tenant_id and keeps_records(caller, subscription);

# A reseller's own export names no billing partner. Such a record is the reseller's, and is no delegation.
has_standing(caller: Principal, "recorder", subscription: Subscription) if
  caller.type = "indirect_reseller" and
  subscription.channel = "csp" and subscription.recorded_by = "partner" and
  subscription.billing_partner_id = nil and subscription.owner_id = caller.tenant_id;

# The customer whose subscription it is.
has_standing(caller: Principal, "customer", subscription: Subscription) if
  caller.kind = "customer" and subscription.customer_id = caller.tenant_id;

# The customer's own record of what it bought elsewhere. Nobody sells it here, so the customer keeps the
# record.
has_standing(caller: Principal, "buyer", subscription: Subscription) if
  caller.kind = "customer" and
  subscription.channel != "csp" and subscription.recorded_by = "customer" and
  subscription.customer_id = caller.tenant_id;

# R67: what a partner recorded about the customer.
has_standing(caller: Principal, "recorded_customer", subscription: Subscription) if
  caller.kind = "customer" and
  subscription.channel != "csp" and subscription.recorded_by = "partner" and
  subscription.customer_id = caller.tenant_id;

# Role matrix, "view subscriptions".
grant(role, standing, "read", _: Subscription) if
  standing in [
    "billing_partner", "attached_reseller", "support_contact", "relationship_holder", "recorder"
  ] and subscription_reader(role);
grant("global_admin", "customer", "read", _: Subscription);

# R65: a customer has no hidden reader of its subscriptions either.
grant("global_admin", "customer", "read_access", _: Subscription);

# R65; role matrix, "partner users and roles": the roles that manage users read what each of their own people may
# do with a subscription that they see themselves.
grant(role, standing, "read_own_access", subscription: Subscription) if
  user_manager(role) and grant(role, standing, "read_summary", subscription);

# R59: who supports by delegation reads, and so does who manages by delegation.
grant(role, "delegated_support", "read", _: Subscription) if delegated_supporter(role);
grant(role, "delegated_manage_subscriptions", "read", _: Subscription) if delegate(role);

# A partner's own name and tags for a subscription are its own notes: whoever reads the subscription sets them.
grant(role, standing, "label", subscription: Subscription) if
  standing in [
    "billing_partner", "attached_reseller", "support_contact", "relationship_holder", "recorder",
    "delegated_support", "delegated_manage_subscriptions"
  ] and
  grant(role, standing, "read", subscription);

# R24: the partner of record is credited, and reads no more than a summary.
grant(role, "partner_of_record", "read_summary", _: Subscription) if subscription_reader(role);

# Role matrix, "use multichannel" and "add licences": user management names a subscription without reading it.
grant("user_management_admin", standing, "read_summary", _: Subscription) if
  standing in ["billing_partner", "relationship_holder"];

# Role matrix, "invoices, reconciliation": the partner that bills and the customer that pays read the terms.
grant(role, "billing_partner", "read_billing", _: Subscription) if billing_reader(role);
grant("global_admin", "customer", "read_billing", _: Subscription);

# Role matrix, "add licences / change quantity".
grant(role, "billing_partner", "update", _: Subscription) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent", "helpdesk_agent"];

# Role matrix, "suspend / cancel / reactivate" (C4).
grant(role, "billing_partner", action, _: Subscription) if
  action in ["suspend", "reactivate", "cancel"] and suspender(role);

suspender(role) if subscription_manager(role);
suspender("helpdesk_agent") if choice("HELPDESK_AGENTS_SUSPEND");
suspender("billing_admin") if choice("BILLING_ADMINS_SUSPEND");

# What is sold here is made and changed in the vendor's portal as well: the people who manage subscriptions tell
# what was done there. No system does it for them.
grant(role, "billing_partner", action, _: Subscription) if
  action in ["link", "complete_vendor_task"] and subscription_manager(role);

# R5: what was bought elsewhere is kept as a record, by the customer, or by a partner for itself. Its keeper
# cancels single services or the whole of it.
grant("global_admin", "buyer", action, _: Subscription) if
  action in ["update", "cancel", "cancel_service"];
grant(role, "recorder", action, _: Subscription) if
  action in ["update", "cancel", "cancel_service"] and subscription_manager(role);

# R63: with whom a record is shared is the customer's decision, whoever may change the record otherwise.
grant("global_admin", "buyer", "set_sharing", _: Subscription);

# R67: a partner's record counts once the customer's global admin has confirmed it.
grant("global_admin", "recorded_customer", action, _: Subscription) if
  action in ["confirm", "dispute"];

# R59: by delegation a partner keeps the customer's record as the customer could.
grant(role, "delegated_manage_subscriptions", action, _: Subscription) if
  action in ["update", "cancel", "cancel_service"] and delegate(role);

# R5, R6: recreating another channel's Azure in CSP is a purchase.
grant(role, standing, "move_to_csp", _: Subscription) if
  standing in ["relationship_holder", "recorder"] and seller(role);

# R26, R70; role matrix, "assign support contact": the seller, and the customer for anything that it has.
grant(role, "billing_partner", "assign_support_contact", _: Subscription) if
  role in ["global_admin", "admin_agent", "helpdesk_agent"];
grant("global_admin", "customer", "assign_support_contact", _: Subscription);

# R69; role matrix, "service requests for customer": the customer, and the partners that support the
# subscription. The customer's people name a subscription to open a case of it, without reading it.
grant(role, standing, "open_support_case", _: Subscription) if
  standing in ["customer", "billing_partner", "support_contact", "attached_reseller"] and case_handler(role);
grant(role, "delegated_support", "open_support_case", _: Subscription) if delegated_supporter(role);
grant(role, "customer", "read_summary", _: Subscription) if case_handler(role);

# R25: a provider decides which of its resellers is credited.
grant(role, "billing_partner", "assign_partner_of_record", _: Subscription) if seller(role);

# R73: a switch may begin with the customer, which asks the partner that bills the subscription.
grant("global_admin", "customer", "request_switch", _: Subscription);

# C3: giving a subscription to another partner takes an admin agent of the partner that bills it.
grant("admin_agent", "billing_partner", "release", _: Subscription);
grant("global_admin", "billing_partner", "release", _: Subscription) if
  choice("GLOBAL_ADMINS_RELEASE_SUBSCRIPTIONS");

# A partner's own record of another channel's subscription is hidden from every partner that the record names.
forbid("PRIVATE_RECORD", caller: Principal, _action: String, subscription: Subscription) if
  caller.kind = "partner" and
  subscription.channel != "csp" and subscription.recorded_by = "partner" and
  subscription.owner_id != caller.tenant_id;

# R67: it opens nothing: neither does the customer have it supported.
forbid("PRIVATE_RECORD", caller: Principal, action: String, subscription: Subscription) if
  caller.kind = "customer" and action in ["assign_support_contact", "open_support_case"] and
  subscription.channel != "csp" and subscription.recorded_by = "partner";

# R22, R40: resellers buy and bill nothing; they take part in transfers through their provider.
forbid("RESELLERS_SELL_NOTHING", caller: Principal, action: String, subscription: Subscription) if
  caller.type = "indirect_reseller" and subscription.channel = "csp" and
  action in [
    "update", "suspend", "reactivate", "cancel", "cancel_service", "release", "link", "complete_vendor_task"
  ];

# R7, R8: what one CSP partner sells is not sold again by another. Usage-based subscriptions are transferred.
forbid("ALREADY_CSP", _caller: Principal, "move_to_csp", subscription: Subscription) if
  subscription.channel = "csp";

# R67: what a partner wrote down about another channel is its private note until the customer confirms it.
forbid("CONFIRMATION_REQUIRED", _caller: Principal, "move_to_csp", subscription: Subscription) if
  subscription.channel != "csp" and subscription.recorded_by = "partner" and
  subscription.confirmation != "confirmed";

# R2: what a syndication partner sells is outside of multichannel support.
forbid("SOLD_BY_SYNDICATION", _caller: Principal, "move_to_csp", subscription: Subscription) if
  subscription.channel = "syndication";

# R3, R5: licences are not recreated. They run to the end of their term, or are canceled first.
forbid("ONLY_USAGE_IS_RECREATED", _caller: Principal, "move_to_csp", subscription: Subscription) if
  subscription.billing_type != "usage";

# R25: only a provider has resellers to credit.
forbid("ONLY_PROVIDERS_CREDIT_RESELLERS", caller: Principal, "assign_partner_of_record", _: Subscription) if
  caller.type != "indirect_provider";

# R3: legacy licences stay with their partner until the term ends. A direct-bill partner that becomes a
# reseller may offer them to its provider (SM4b), unless the choice is that it keeps them, too. The rules on
# transfers see to it that they go to no other partner: a subscription does not know who will get it.
forbid("LICENSE_BASED_STAYS_WITH_PARTNER", caller: Principal, "release", subscription: Subscription) if
  keeps_legacy_licences(caller) and
  subscription.channel = "csp" and
  subscription.billing_type = "license" and subscription.commerce = "legacy";

keeps_legacy_licences(caller: Principal) if caller.type != "direct_bill";
keeps_legacy_licences(_caller: Principal) if choice("DIRECT_BILL_PARTNERS_KEEP_LEGACY_LICENCES");

# R35, R36: trials are not transferred.
forbid("TRIALS_STAY", _caller: Principal, "release", subscription: Subscription) if
  subscription.is_trial = true;

# Vendor's REST surface, "app+user only": an application without a user names no support contact.
forbid("PERSON_REQUIRED", caller: Principal, "assign_support_contact", _: Subscription) if
  caller.auth_mode = "app";
