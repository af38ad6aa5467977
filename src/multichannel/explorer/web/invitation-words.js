/** Words for people who have never heard of the API. */

export const PARTNER_TYPES = {
  DIRECT_BILL: "Partner that sells directly",
  INDIRECT_PROVIDER: "Distributor that sells through resellers",
  INDIRECT_RESELLER: "Reseller that sells through a distributor",
  ADVISOR: "Advisor",
};

export const RIGHTS = {
  SUPPORT: ["Support", "read what you bought elsewhere, and work on support cases"],
  MANAGE_SUBSCRIPTIONS: ["Manage subscriptions", "change and cancel your records of what you bought elsewhere"],
  MANAGE_USERS: ["Manage users", "add users and change their roles, except for global administrators"],
  READ_DIRECTORY: ["Read the directory", "read the list of your users"],
};

const RECORDS = {
  Customer: ["Your company’s profile", "Your company’s profile"],
  Subscription: ["subscription", "subscriptions"],
  User: ["user", "users"],
  CustomerAgreement: ["customer agreement", "customer agreements"],
  SupportCase: ["support case", "support cases"],
};

const ACTIONS = {
  READ_SUMMARY: "see the name and state",
  READ: "read",
  READ_BILLING: "read the billing terms",
  READ_OWN_ACCESS: "see what its own people may do here",
  UPDATE: "change",
  LINK: "link to your directory",
  CONFIRM_AGREEMENT: "confirm that you have signed the customer agreement",
  RECORD_SUBSCRIPTION: "keep records of subscriptions",
  CREATE_SUBSCRIPTION: "sell you subscriptions",
  MOVE_TO_CSP: "replace with one that the partner sells",
  ADD_USER: "add users",
  UPDATE_ROLES: "change roles",
  CANCEL_SERVICE: "cancel single services",
  ASSIGN_SUPPORT_CONTACT: "name a support contact",
  ASSIGN_PARTNER_OF_RECORD: "name the reseller that is credited",
  RELEASE: "give to another partner",
  OPEN_SUPPORT_CASE: "open support cases",
};

/** The rights and the actions that include others are told without these. */
const IMPLIED = { READ_SUMMARY: "READ" };

export function actionWords(actions) {
  return actions
    .filter((action) => !actions.includes(IMPLIED[action]))
    .map((action) => ACTIONS[action] ?? action.toLowerCase().replaceAll("_", " "))
    .join(", ");
}

export function recordWords({ type, total }) {
  const [one, many] = RECORDS[type] ?? [type, `${type} records`];
  return type === "Customer" ? one : `${total} ${total === 1 ? one : many}`;
}

/** A domain, and whether anything has shown whose it is: a name that somebody typed proves nothing. */
export function domain(name, isVerified) {
  return name && `${name} (${isVerified ? "verified" : "not verified"})`;
}

export function country(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "region" }).of(code);
  } catch {
    return code;
  }
}

export function day(time) {
  return new Date(time).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
}

export function daysOf(duration) {
  return Number(/^P(\d+)D$/.exec(duration ?? "")?.[1] ?? 0);
}
