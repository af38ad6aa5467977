# What is to do in the vendor's portal. It is the work of the partner that sells the subscription or has added the
# customer; neither the customer nor a reseller knows of it.

has_standing(caller: Principal, "billing_partner", vendor_task: VendorTask) if
  caller.kind = "partner" and vendor_task.partner_id = caller.tenant_id;

# Role matrix, "view subscriptions": who sees what is sold sees what is to do for it.
grant(role, "billing_partner", "read", _: VendorTask) if subscription_reader(role);
