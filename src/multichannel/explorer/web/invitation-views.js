import { element, link, problem } from "./elements";
import * as queries from "./invitation-queries";
import * as words from "./invitation-words";

const SHORTER = [730, 365, 180, 90, 30];
const ANSWERED = {
  ACTIVE: "Your company has accepted. The partner can work for you now, and you can end that at any time.",
  DECLINED: "Your company has declined. Nothing was opened, and the partner can ask again in 30 days at the earliest.",
  CANCELED: "The partner has withdrawn its request. There is nothing to answer.",
  EXPIRED: "The request was not answered in time and is over. The partner can make a new one.",
  REMOVED: "The partner has ended this relationship.",
  ENDED_BY_CUSTOMER: "Your company has ended this relationship.",
};

/** The heading and the content about a request, and `answer(mutation, input)` to answer it. */
export function relationshipView({ requests, customer, names }, answer) {
  const [request] = requests;
  const partner = request.partner?.name ?? "A partner";
  if (request.status !== "REQUESTED") {
    return [partner, element("p", {}, ANSWERED[request.status]), link("Open the explorer", "/graphql")];
  }
  const asks = [whoAsks(requests), whoIsAsked(customer), whatFor(request)];
  const opens = requests.map((each) => whatOpens(each, names));
  if (!request.viewerCan.includes("ACCEPT")) {
    const nobody = problem(
      "You cannot answer this request.",
      "Only a global administrator of your company can. Ask one of them to open this link.",
    );
    return [`${partner} asks your company`, ...asks, nobody];
  }
  return [`${partner} asks your company`, ...asks, ...opens, answerForm(request, customer, names, answer)];
}

function whoAsks(requests) {
  const partners = requests.map(({ partner }, index) =>
    card(
      index === 0 ? "Who asks" : "Together with",
      facts([
        ["Company", partner?.name],
        ["Domain", words.domain(partner?.domain, partner?.isDomainVerified)],
        ["Kind", words.PARTNER_TYPES[partner?.type]],
        ["Country", partner?.market && words.country(partner.market)],
      ]),
    ),
  );
  return element("div", {}, ...partners);
}

/** The customer as the service knows it, so that its administrator sees which of its domains is not shown to be its own. */
function whoIsAsked(customer) {
  const domains = (customer?.domains ?? []).map(({ name, isVerified }) => words.domain(name, isVerified));
  return card("Your company", facts([["Company", customer?.companyName], ["Domains", domains.join(", ")]]));
}

function whatFor(request) {
  const grant = pendingGrant(request);
  return card(
    "What for",
    element(
      "p",
      {},
      "A reseller relationship: the partner may sell to your company, and sees and supports what you bought elsewhere.",
    ),
    facts([
      ["Asked on", words.day(request.requestedAt)],
      ["Answer until", request.expiresAt && words.day(request.expiresAt)],
      ["Lasts", "until you or the partner ends it"],
      ["Rights asked for", grant && grant.rights.map((right) => words.RIGHTS[right][0]).join(", ")],
      ["For", grant && `${words.daysOf(grant.duration)} days${grant.autoExtend ? ", extended by itself" : ""}`],
    ]),
  );
}

/** The very list of what the relationship opens by itself, as the policy decides it. */
function whatOpens({ partner, ifAccepted }, names) {
  const effects = ifAccepted.filter(({ right }) => right === null);
  return card(
    `What ${partner?.name ?? "the partner"} could see and do`,
    effects.length > 0
      ? element("ul", {}, ...effects.map((effect) => effectItem(effect, names)))
      : element("p", {}, "Nothing of what your company has here today."),
  );
}

function effectItem(effect, names) {
  const listed = effect.ids.map((id) => names.get(id)).filter(Boolean);
  const rest = effect.total - listed.length;
  const more = listed.length > 0 && rest > 0 ? [element("li", {}, `and ${rest} more`)] : [];
  return element(
    "li",
    {},
    element("strong", {}, words.recordWords(effect)),
    `: ${words.actionWords(effect.actions)}`,
    listed.length > 0 && element("ul", { className: "quiet" }, ...listed.map((name) => element("li", {}, name)), ...more),
  );
}

function answerForm(request, customer, names, answer) {
  const rights = rightsFields(request, names);
  const signer = signerFields(needsAgreement(request, customer));
  const accept = element("button", { className: "primary" }, "Accept");
  const decline = element("button", { type: "button" }, "Decline");
  const trouble = element("div", {});
  const form = element(
    "form",
    { className: "card" },
    element("h2", {}, "Your answer"),
    rights?.fields,
    signer.fields,
    trouble,
    element("div", { className: "buttons" }, accept, decline),
  );
  const send = async (mutation, input) => {
    accept.disabled = decline.disabled = true;
    try {
      const refusals = await answer(mutation, input);
      signer.require(refusals.some(({ code }) => code === "AGREEMENT_REQUIRED"));
      trouble.replaceChildren(...refusals.map(({ message }) => problem(message)));
    } catch (error) {
      trouble.replaceChildren(problem("The service did not take your answer. Try again.", error.message));
    } finally {
      accept.disabled = decline.disabled = false;
    }
  };
  form.addEventListener("change", () => {
    accept.textContent = rights?.isLess() ? "Accept with fewer rights" : "Accept";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(queries.ACCEPT, { ...rights?.input(), ...signer.input() });
  });
  decline.addEventListener("click", () => send(queries.DECLINE, {}));
  return form;
}

/** Checkboxes for the rights asked for, with what each adds, and how long they last. */
function rightsFields(request, names) {
  const grant = pendingGrant(request);
  if (!grant) {
    return undefined;
  }
  const boxes = grant.rights.map((right) => rightField(right, request, names));
  const asked = words.daysOf(grant.duration);
  const durations = [asked, ...SHORTER.filter((days) => days < asked)];
  const duration = element(
    "select",
    { id: "duration" },
    ...durations.map((days) => element("option", { value: String(days) }, `${days} days`)),
  );
  const checked = () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
  return {
    fields: element(
      "fieldset",
      {},
      element("legend", {}, "Rights that you give, besides the relationship"),
      ...boxes.map(({ field }) => field),
      element("label", { htmlFor: "duration" }, "For how long"),
      duration,
      element("p", { className: "quiet" }, "You can take rights away again at any time."),
    ),
    isLess: () => checked().length < boxes.length || Number(duration.value) < asked,
    input: () => ({ delegatedRights: checked(), delegatedDuration: `P${duration.value}D` }),
  };
}

function rightField(right, { ifAccepted }, names) {
  const id = `right-${right}`;
  const [name, meaning] = words.RIGHTS[right];
  const box = element("input", { type: "checkbox", id, value: right, checked: true });
  const adds = ifAccepted.filter((effect) => effect.right === right);
  const field = element(
    "div",
    { className: "choice" },
    box,
    element("label", { htmlFor: id }, element("strong", {}, name), `: ${meaning}`),
    adds.length > 0 && element("ul", {}, ...adds.map((effect) => effectItem(effect, names))),
  );
  return { box, field };
}

/** Who signs the customer agreement, hidden where it has been signed. */
function signerFields(isNeeded) {
  const inputs = [
    textField("firstName", "First name", "given-name"),
    textField("lastName", "Last name", "family-name"),
    textField("email", "E-mail", "email", "email"),
    textField("phoneNumber", "Phone (optional)", "tel", "tel"),
  ];
  const fields = element(
    "fieldset",
    {},
    element("legend", {}, "Customer agreement"),
    element(
      "p",
      {},
      "Your company has not signed the vendor’s customer agreement yet. By accepting, this person signs it for your company.",
    ),
    ...inputs.flatMap(({ label, input }) => [label, input]),
  );
  const require = (needed) => {
    fields.hidden = fields.hidden && !needed;
    inputs.forEach(({ input }) => {
      input.required = !fields.hidden && input.id !== "phoneNumber";
    });
  };
  fields.hidden = true;
  require(isNeeded);
  const filled = () => inputs.map(({ input }) => [input.id, input.value.trim()]).filter(([, value]) => value);
  return { fields, require, input: () => (fields.hidden ? {} : { agreement: Object.fromEntries(filled()) }) };
}

function textField(id, text, autocomplete, type = "text") {
  return { label: element("label", { htmlFor: id }, text), input: element("input", { id, type, autocomplete }) };
}

function needsAgreement({ cloud }, customer) {
  return cloud === "PUBLIC" && customer?.agreements?.totalCount === 0;
}

function pendingGrant({ delegatedAdminGrants }) {
  return delegatedAdminGrants.nodes.find(({ status }) => status === "PENDING");
}

/** The heading and the content about a provider's invitation of a reseller. */
export function partnershipView({ status, viewerCan, market, provider }, answer) {
  const name = provider?.name ?? "A provider";
  if (status !== "INVITED") {
    const text = status === "ACTIVE" ? "Your company is a reseller of this provider." : "This invitation is over.";
    return [name, element("p", {}, text), link("Open the explorer", "/graphql")];
  }
  const trouble = element("div", {});
  const accept = element("button", { className: "primary" }, "Accept");
  accept.addEventListener("click", async () => {
    accept.disabled = true;
    try {
      trouble.replaceChildren(...(await answer(queries.JOIN, {})).map(({ message }) => problem(message)));
    } catch (error) {
      trouble.replaceChildren(problem("The service did not take your answer. Try again.", error.message));
    } finally {
      accept.disabled = false;
    }
  });
  return [
    `${name} invites your company`,
    card(
      "What for",
      element("p", {}, "To become its indirect reseller. The provider can then place orders for your customers."),
      facts([
        ["Provider", name],
        ["Domain", words.domain(provider?.domain, provider?.isDomainVerified)],
        ["Country", words.country(market)],
      ]),
      trouble,
      viewerCan.includes("ACCEPT")
        ? accept
        : problem("You cannot answer this invitation.", "Ask a global administrator of your company to open this link."),
    ),
  ];
}

function card(heading, ...children) {
  return element("section", { className: "card", ariaLabel: heading }, element("h2", {}, heading), ...children);
}

/** A list of names and values, without those that have no value. */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value);
  return element("dl", {}, ...known.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}
