# Transfers (SM4) move what one partner bills to another. Each side sees what it has to see at that point. Who
# starts a transfer, and who decides, depends on its kind: a target requests Azure plans and new commerce
# (SM4c), a source offers legacy subscriptions to its provider (SM4b), and three parties sign a switch of
# legacy Azure (SM4a).

has_standing(caller: Principal, "source", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.source_partner_id = caller.tenant_id and
  transfer.initiated_by in ["source", "target", "customer"];

has_standing(caller: Principal, "target", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and
  transfer.initiated_by in ["source", "target", "customer"];

# R30: the target sees the lines once the source has chosen them and accepted.
has_standing(caller: Principal, "receiver", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by in ["source", "target"] and
  transfer.status in ["in_progress", "completed", "completed_with_errors", "failed"];

# SM4c: the partner whose consent is requested.
has_standing(caller: Principal, "asked", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.source_partner_id = caller.tenant_id and transfer.initiated_by = "target" and
  transfer.kind in ["azure_plan", "new_commerce"];

# SM4a, SM4b: the target of an offer or a switch may see the lines before it decides.
has_standing(caller: Principal, "receiver", transfer: Transfer) if
  choice("TARGETS_SEE_OFFERED_LINES") and caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "source";

# R73: the target of a switch that the customer requested reads the customer and the lines before it signs,
# because the customer has named it.
has_standing(caller: Principal, "receiver", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "customer";

# R73: the customer requests a switch; the source opens it, and the target signs.
has_standing(caller: Principal, "switching_customer", transfer: Transfer) if
  caller.kind = "customer" and
  transfer.customer_id = caller.tenant_id and transfer.initiated_by = "customer";
has_standing(caller: Principal, "switch_partner", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.source_partner_id = caller.tenant_id and transfer.initiated_by = "customer";
has_standing(caller: Principal, "switch_partner", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "customer";

# SM4b: legacy subscriptions are offered to the source's provider.
has_standing(caller: Principal, "provider", transfer: Transfer) if
  caller.type = "indirect_provider" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "source" and
  transfer.kind = "legacy";

# SM4a: source, target and customer sign a switch.
has_standing(caller: Principal, "signatory", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.source_partner_id = caller.tenant_id and transfer.initiated_by = "source" and
  transfer.kind = "manual_switch";
has_standing(caller: Principal, "signatory", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "source" and
  transfer.kind = "manual_switch";
has_standing(caller: Principal, "signatory", transfer: Transfer) if
  caller.kind = "customer" and
  transfer.customer_id = caller.tenant_id and transfer.initiated_by = "source" and
  transfer.kind = "manual_switch";

has_standing(caller: Principal, "initiator", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.source_partner_id = caller.tenant_id and transfer.initiated_by = "source";
has_standing(caller: Principal, "initiator", transfer: Transfer) if
  caller.kind = "partner" and
  transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "target";

# R30: customers see all transfers of their subscriptions.
has_standing(caller: Principal, "customer", transfer: Transfer) if
  caller.kind = "customer" and
  transfer.customer_id = caller.tenant_id and
  transfer.initiated_by in ["source", "target", "customer"];

# R40: a reseller takes part through its provider. It sees the summary of what it will be credited for.
has_standing(caller: Principal, "partner_of_record", transfer: Transfer) if
  caller.type = "indirect_reseller" and
  transfer.partner_of_record_id = caller.tenant_id and transfer.initiated_by in ["source", "target"];

# Past transfers from a partner's own export are that partner's alone, no matter which partners they name.
has_standing(caller: Principal, "recorder", transfer: Transfer) if
  caller.kind = "partner" and transfer.owner_id = caller.tenant_id and transfer.initiated_by = nil;

# Role matrix, the rows on transfers: admin agents handle them; sales agents and global admins read them (C3).
grant(role, standing, "read", _: Transfer) if
  standing in ["source", "receiver", "recorder"] and subscription_manager(role);
grant(role, standing, "read_summary", _: Transfer) if
  standing in ["target", "partner_of_record"] and subscription_manager(role);
grant("global_admin", "customer", "read", _: Transfer);

# Role matrix, "transfer: Azure plan" and "transfer: NCE create / accept / cancel".
grant(role, "asked", action, _: Transfer) if
  transfer_decider(role) and action in ["accept", "decline"];
grant(role, "initiator", "cancel", _: Transfer) if transfer_decider(role);

# C3: admin agents decide transfers.
transfer_decider("admin_agent");
transfer_decider("global_admin") if choice("GLOBAL_ADMINS_DECIDE_TRANSFERS");

# Role matrix, "transfer: accept / reject legacy".
grant(role, "provider", action, _: Transfer) if
  seller(role) and action in ["accept", "decline"];

# Role matrix, "transfer: manual Azure switch".
grant("global_admin", "signatory", action, _: Transfer) if
  action in ["consent", "decline"];

# R73: what the customer requested is decided by those who decide on transfers, and withdrawn by the customer.
grant(role, "switch_partner", action, _: Transfer) if
  transfer_decider(role) and action in ["consent", "decline"];
grant("global_admin", "switching_customer", "cancel", _: Transfer);

# R40: resellers neither give nor receive; their provider does.
forbid("ONLY_THROUGH_PROVIDER", caller: Principal, action: String, _: Transfer) if
  caller.type = "indirect_reseller" and action in ["accept", "consent"];

# R28; role matrix, second axis: an Advisor bills nothing, so it neither gives nor receives.
forbid("ADVISORS_SELL_NOTHING", caller: Principal, action: String, _: Transfer) if
  caller.type = "advisor" and action in ["accept", "consent"];

# R19: a restricted partner may give away, and receives nothing new.
forbid("RESTRICTED_PARTNER", caller: Principal, action: String, transfer: Transfer) if
  caller.status = "restricted" and transfer.target_partner_id = caller.tenant_id and
  action in ["accept", "consent"];
