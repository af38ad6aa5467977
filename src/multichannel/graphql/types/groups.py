"""What customers, subscriptions and transfers can be grouped by."""

from __future__ import annotations

from multichannel.graphql.framework.groups import GroupsDeclaration

GROUPS = {
    "subscription_groups": GroupsDeclaration(
        "Subscription",
        "Groups of the subscriptions that you can see, with the number and the sum of the quantities.",
        keys=(
            "channel",
            "status",
            "billing_type",
            "commerce",
            "cloud",
            "market",
            "billing_cycle",
            "term_duration",
            "auto_renew_enabled",
            "is_trial",
            "recorded_by",
            "confirmation",
            "offer_name",
            "customer",
            "billing_partner",
            "partner_of_record",
            "support_contact",
        ),
        names={"billing_partner": "partner"},
        months={"month_of_term_end": "commitment_end_date", "month_of_purchase": "creation_date"},
        quantity="The sum of the quantities of the subscriptions.",
        counted={"customer_count": "customer"},
    ),
    "customer_groups": GroupsDeclaration(
        "Customer",
        "Groups of the customers that you can see, with the number and the sum of the quantities of each.",
        keys=("market", "cloud", "country", "city", "qualification"),
        months={"month_of_creation": "created_at"},
        quantity="The sum of the quantities of the customers' subscriptions that you can see.",
        quantity_of="subscriptions",
    ),
    "transfer_groups": GroupsDeclaration(
        "Transfer",
        "Groups of the transfers that you can see, with the number and the sum of the quantities of each.",
        keys=("status", "kind", "initiated_by", "cloud", "customer", "source_partner", "target_partner"),
        months={"month_of_request": "requested_at", "month_of_completion": "completed_at"},
        quantity="The sum of the quantities of the transfers' lines.",
    ),
}
