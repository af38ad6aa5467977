# Transfers (SM4): of what one partner sells, to another. Each side sees what was agreed to be shown to it.
# Who begins which kind, and who decides, differs: a target asks for Azure plans and new commerce (SM4c), a source
# offers legacy subscriptions to its provider (SM4b), and a switch of legacy Azure is signed by all three (SM4a).

has_standing(p: Principal, "source", t: Transfer) if
  p.kind = "partner" and t.source_partner_id = p.tenant_id and t.initiated_by in ["source", "target"];

has_standing(p: Principal, "target", t: Transfer) if
  p.kind = "partner" and t.target_partner_id = p.tenant_id and t.initiated_by in ["source", "target"];

# R30: the lines become the target's business when the source has chosen them and accepted.
has_standing(p: Principal, "receiver", t: Transfer) if
  p.kind = "partner" and t.target_partner_id = p.tenant_id and t.initiated_by in ["source", "target"] and
  t.status in ["in_progress", "completed", "completed_with_errors", "failed"];

# SM4c: who was asked.
has_standing(p: Principal, "asked", t: Transfer) if
  p.kind = "partner" and t.source_partner_id = p.tenant_id and t.initiated_by = "target" and
  t.kind in ["azure_plan", "new_commerce"];

# Of an offer or a switch, too, the target sees the summary before it decides. To show it the lines that the source
# has chosen, uncomment this way of being the receiver:
# has_standing(p: Principal, "receiver", t: Transfer) if
#   p.kind = "partner" and t.target_partner_id = p.tenant_id and t.initiated_by = "source";

# SM4b: legacy subscriptions are offered to the source's provider.
has_standing(p: Principal, "provider", t: Transfer) if
  p.type = "indirect_provider" and t.target_partner_id = p.tenant_id and t.initiated_by = "source" and
  t.kind = "legacy";

# SM4a: the three who sign.
has_standing(p: Principal, "signatory", t: Transfer) if
  p.kind = "partner" and t.source_partner_id = p.tenant_id and t.initiated_by = "source" and
  t.kind = "manual_switch";
has_standing(p: Principal, "signatory", t: Transfer) if
  p.kind = "partner" and t.target_partner_id = p.tenant_id and t.initiated_by = "source" and
  t.kind = "manual_switch";
has_standing(p: Principal, "signatory", t: Transfer) if
  p.kind = "customer" and t.customer_id = p.tenant_id and t.initiated_by = "source" and
  t.kind = "manual_switch";

has_standing(p: Principal, "initiator", t: Transfer) if
  p.kind = "partner" and t.source_partner_id = p.tenant_id and t.initiated_by = "source";
has_standing(p: Principal, "initiator", t: Transfer) if
  p.kind = "partner" and t.target_partner_id = p.tenant_id and t.initiated_by = "target";

# R30: customers do not begin transfers, and see all of those of their subscriptions.
has_standing(p: Principal, "customer", t: Transfer) if
  p.kind = "customer" and t.customer_id = p.tenant_id and t.initiated_by in ["source", "target"];

# R40: a reseller takes part through its provider. It learns that there is something it will be credited for.
has_standing(p: Principal, "partner_of_record", t: Transfer) if
  p.type = "indirect_reseller" and t.partner_of_record_id = p.tenant_id and t.initiated_by in ["source", "target"];

# History from a partner's own export is that partner's alone, whoever it names.
has_standing(p: Principal, "recorder", t: Transfer) if
  p.kind = "partner" and t.owner_id = p.tenant_id and t.initiated_by = nil;

# Role matrix, the rows on transfers: admin agents handle them, sales agents and global admins look on (C3).
grant(role, standing, "read", _: Transfer) if
  standing in ["source", "receiver", "recorder"] and
  role in ["global_admin", "admin_agent", "sales_agent"];
grant(role, standing, "read_summary", _: Transfer) if
  standing in ["target", "partner_of_record"] and
  role in ["global_admin", "admin_agent", "sales_agent"];
grant("global_admin", "customer", "read", _: Transfer);

# Role matrix, "transfer: Azure plan" and "transfer: NCE create / accept / cancel".
grant("admin_agent", "asked", action, _: Transfer) if
  action in ["accept", "decline"];
grant("admin_agent", "initiator", "cancel", _: Transfer);
# C3: the vendor's older pages list global admins, too. To let them, uncomment:
# grant("global_admin", "asked", action, _: Transfer) if action in ["accept", "decline"];
# grant("global_admin", "initiator", "cancel", _: Transfer);

# Role matrix, "transfer: accept / reject legacy".
grant(role, "provider", action, _: Transfer) if
  role in ["admin_agent", "sales_agent"] and action in ["accept", "decline"];

# Role matrix, "transfer: manual Azure switch".
grant("global_admin", "signatory", action, _: Transfer) if
  action in ["consent", "decline"];

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, t: Transfer) if
  t.cloud != p.cloud;

# R40: resellers neither give nor receive; their provider does.
forbid("ONLY_THROUGH_PROVIDER", p: Principal, action: String, _: Transfer) if
  p.type = "indirect_reseller" and action in ["accept", "consent"];

# R28 and the role matrix, second axis: an Advisor bills nothing, so it has nothing to give or take.
forbid("ADVISORS_SELL_NOTHING", p: Principal, action: String, _: Transfer) if
  p.type = "advisor" and action in ["accept", "consent"];

# R19: a restricted partner may give away, and receives nothing new.
forbid("RESTRICTED_PARTNER", p: Principal, action: String, t: Transfer) if
  p.status = "restricted" and t.target_partner_id = p.tenant_id and action in ["accept", "consent"];

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", p: Principal, action: String, _: Transfer) if
  p.status = "inactive" and action in ["consent", "accept", "decline", "cancel"];
