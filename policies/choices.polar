# Choices. The vendor's pages contradict each other in some places and are silent in others. Each choice says
# what is chosen here and on which page it rests (R3, C1 to C5). Write `if true` to switch a choice on, `if
# false` to switch it off, and run `multichannel policy diff` to see which decisions change.

# C1: multichannel support is offered in the US government cloud. So say "Multi-channel support" (2020-06-17)
# and "Different ways to work with other partners" (2020-11-29); "Partner Center for US Government" lists it
# as missing.
choice("MULTICHANNEL_IN_US_GOVERNMENT_CLOUD") if true;

multichannel("public");
multichannel("us_government") if choice("MULTICHANNEL_IN_US_GOVERNMENT_CLOUD");

# R50: the indirect model is missing in the US government cloud. So says "Partner Center for US Government";
# C1 covers multichannel support alone.
choice("NO_INDIRECT_MODEL_IN_US_GOVERNMENT_CLOUD") if true;

lacks_indirect_model("us_government") if choice("NO_INDIRECT_MODEL_IN_US_GOVERNMENT_CLOUD");

# C2: user management admins request reseller relationships. So says "Multi-channel support" (2020-06-17);
# "Request a reseller relationship from a customer" (2020-06-17) lists admin agents and global admins alone.
choice("USER_MANAGEMENT_ADMINS_REQUEST_RELATIONSHIPS") if true;

# C2: sales agents request delegated admin privileges. So say "Obtain permissions to manage a customer's
# service or subscription" (2020-12-02) and "Multi-channel support"; here they are requested by the roles that
# will have them.
choice("SALES_AGENTS_REQUEST_DELEGATED_ADMIN") if false;

# SM7: helpdesk agents use the delegated right to support. So says "Obtain permissions to manage a customer's
# service or subscription" (2020-12-02), where a partner's helpdesk agents become helpdesk admins of the
# customer; the granular model leaves it to the partner's groups.
choice("HELPDESK_AGENTS_USE_DELEGATED_SUPPORT") if true;

# SM7: global admins of a partner use delegated rights. No page says so: admin agents have them. The granular
# model leaves it to the partner's groups.
choice("GLOBAL_ADMINS_USE_DELEGATED_RIGHTS") if false;

# C3: global admins request transfers. So says the older edition of "Create a transfer"; the latest lists
# admin agents alone.
choice("GLOBAL_ADMINS_REQUEST_TRANSFERS") if false;

# C3: global admins answer transfers that are requested from their partner, and cancel those that it started.
# So says the older edition of "Update a transfer"; the latest lists admin agents alone.
choice("GLOBAL_ADMINS_DECIDE_TRANSFERS") if false;

# C3: global admins give subscriptions to another partner. So says "Transfer a customer's Azure subscriptions
# to another partner" (2021-02-09), the oldest page; later ones list admin agents alone.
choice("GLOBAL_ADMINS_RELEASE_SUBSCRIPTIONS") if false;

# C4, C5: global admins buy subscriptions. So says "Create, suspend or cancel customer subscriptions"
# (2021-05-19); later editions of other pages drop the global admin.
choice("GLOBAL_ADMINS_BUY") if false;

# C4: helpdesk agents buy subscriptions. So says "Create, suspend or cancel customer subscriptions"
# (2021-05-19); "Assign users roles and permissions" (2020-10-30) gives them support alone.
choice("HELPDESK_AGENTS_BUY") if false;

# C4: billing admins buy subscriptions. So says "Create, suspend or cancel customer subscriptions"
# (2021-05-19); "Assign users roles and permissions" (2020-10-30) gives them billing and prices alone.
choice("BILLING_ADMINS_BUY") if false;

# C4: helpdesk agents suspend, reactivate and cancel subscriptions. The pages are those about buying.
choice("HELPDESK_AGENTS_SUSPEND") if false;

# C4: billing admins suspend, reactivate and cancel subscriptions. The pages are those about buying.
choice("BILLING_ADMINS_SUSPEND") if false;

# C5: global admins of a partner attest customer agreements. So say the later editions, which keep the global
# admin for agreements; "Confirm customer agreement" (2020-21) lists admin agents and sales agents.
choice("GLOBAL_ADMINS_CONFIRM_AGREEMENTS") if false;

# SM3: a provider ends partnerships. So says "Partner with indirect resellers" (2021-03-23); "Supported CSP
# partner relationships" (2020-05-12) says that only the vendor's support can.
choice("PROVIDERS_END_PARTNERSHIPS") if true;

# SM4a, SM4b: the target of an offer or a switch sees the offered lines before it decides. The pages on both
# kinds of transfer are silent; without this, the target sees the summary.
choice("TARGETS_SEE_OFFERED_LINES") if false;

# R3: legacy licences stay with a direct-bill partner, too. "Multi-channel support" (2020-06-17) knows no
# exception; "Transition from direct-bill partner to indirect reseller" (2020-06-05) lets it offer them to its
# provider (SM4b).
choice("DIRECT_BILL_PARTNERS_KEEP_LEGACY_LICENCES") if false;
