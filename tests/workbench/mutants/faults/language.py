"""What the engine accepts, prints a warning about, or refuses, and what no list filter can be made of."""

from tests.workbench.mutants.fault import Fault, added

READS_USERS = 'grant(role, "self", "read", _: User) if'
OWN_PEOPLE = "user.tenant_id = caller.tenant_id;"

LANGUAGE = (
    Fault("a semicolon is missing", "user.polar", OWN_PEOPLE, OWN_PEOPLE.removesuffix(";")),
    Fault("a string is not closed", "user.polar", '"self", "read"', '"self, "read"'),
    Fault("an action is misspelt", "user.polar", '"self", "read"', '"self", "raed"'),
    Fault("an action of another kind of record", "user.polar", '"self", "read"', '"self", "suspend"'),
    Fault("a role is misspelt", "roles.polar", '"account_admin"];', '"acount_admin"];'),
    Fault("a standing is misspelt", "user.polar", READS_USERS, READS_USERS.replace("self", "slef")),
    Fault("a class is misspelt", "user.polar", READS_USERS, READS_USERS.replace("User", "Usr")),
    Fault("a fact is misspelt", "user.polar", OWN_PEOPLE, "user.tenent_id = caller.tenant_id;"),
    Fault(
        "a fact of the principal is misspelt", "user.polar", OWN_PEOPLE, "user.tenant_id = caller.tenent_id;"
    ),
    Fault(
        "a condition is negated with not",
        "user.polar",
        OWN_PEOPLE,
        f'not user.state = "inactive" and {OWN_PEOPLE}',
    ),
    Fault(
        "a group is negated",
        "user.polar",
        OWN_PEOPLE,
        f'not (user.state = "inactive" or caller.market = "US") and {OWN_PEOPLE}',
    ),
    Fault("a cut", "user.polar", OWN_PEOPLE, f"cut and {OWN_PEOPLE}"),
    Fault("two equals signs", "user.polar", OWN_PEOPLE, "user.tenant_id == caller.tenant_id;"),
    Fault(
        "an assignment",
        "user.polar",
        OWN_PEOPLE,
        f"own := caller.tenant_id and user.tenant_id = own and {OWN_PEOPLE}",
    ),
    Fault("a method is called", "user.polar", OWN_PEOPLE, "user.tenant_id.lower() = caller.tenant_id;"),
    Fault("a look behind the facts", "user.polar", OWN_PEOPLE, f'user.__class__ = "User" and {OWN_PEOPLE}'),
    Fault(
        "one tenant by its id",
        "user.polar",
        OWN_PEOPLE,
        'caller.tenant_id = "3f0c6a52-7f0e-4d3b-9d3a-0d9d5a1c2b10" and user.state = "active";',
    ),
    Fault(
        "and with or, without parentheses", "user.polar", OWN_PEOPLE, f'caller.market = "US" or {OWN_PEOPLE}'
    ),
    Fault(
        "conditions that cannot hold together",
        "user.polar",
        OWN_PEOPLE,
        f'user.state = "active" and user.state = "inactive" and {OWN_PEOPLE}',
    ),
    Fault("a class is asked for in a body", "user.polar", OWN_PEOPLE, f"u matches User and {OWN_PEOPLE}"),
    Fault("an instance is made", "user.polar", OWN_PEOPLE, f"new Principal() = p and {OWN_PEOPLE}"),
    Fault("arithmetic", "user.polar", OWN_PEOPLE, f"1 + 1 = 2 and {OWN_PEOPLE}"),
    Fault(
        "a helper is asked with too much",
        "partner.polar",
        "multichannel(caller.cloud)",
        "multichannel(caller.cloud, partner)",
    ),
    Fault("a helper is misspelt", "partner.polar", "multichannel(caller.cloud)", "multichanel(caller.cloud)"),
    added("a grant without a standing", "user.polar", 'grant("sales_agent", "read", _: User);'),
    added("a rule that nothing asks for", "user.polar", 'is_open(user: User) if user.state = "active";'),
    added(
        "rules that ask themselves for ever",
        "main.polar",
        "grant(role, standing, action, resource) if\n  grant(role, standing, action, resource);",
    ),
    added(
        "for all relationships",
        "customer.polar",
        'has_standing(caller: Principal, "relationship_holder", customer: Customer) if\n'
        '  caller.kind = "partner" and\n'
        "  forall(relationship in customer.relationships, relationship.partner_id = caller.tenant_id);",
    ),
    added("an expectation inside the policy", "main.polar", '?= multichannel("public");'),
    added(
        "a block that grants",
        "user.polar",
        'resource User { permissions = ["read"]; roles = ["self"]; "read" if "self"; }',
    ),
    added(
        "the restriction again, in other words",
        "user.polar",
        '# R52.\nforbid("CROSS_CLOUD", who: Principal, _any: String, it: User) if\n'
        '  who.cloud != it.cloud and who.kind in ["customer", "partner"];',
    ),
    Fault("a text in place of a list", "user.polar", OWN_PEOPLE, f'user.state in "active" and {OWN_PEOPLE}'),
    Fault(
        "a role in a text", "roles.polar", 'role in ["global_admin"', 'role in "global_admin" or role in ["x"'
    ),
    added(
        "an allow for whoever asks",
        "user.polar",
        'allow(p: Principal, "read", user: User) if p.cloud = user.cloud;',
    ),
    added(
        "a code that looks like another",
        "user.polar",
        '# R52.\nforbid("PERSON_REQU\u0406RED", p: Principal, "read", user: User) if p.cloud = user.cloud;',
    ),
    Fault(
        "a comment that is shown the other way round",
        "user.polar",
        OWN_PEOPLE,
        f"{OWN_PEOPLE}  # \u202eerofeb",
    ),
)
