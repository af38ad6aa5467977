import { account } from "./account";
import { element, link, problem } from "./elements";
import { ask, Unauthenticated } from "./graphql";
import * as queries from "./invitation-queries";
import { partnershipView, relationshipView } from "./invitation-views";
import { SIGN_OUT_ADDRESS } from "./session";

const title = document.getElementById("title");
const content = document.getElementById("content");
const NOT_YOURS = [
  "Your roles do not let you see this invitation.",
  "Ask a global administrator of your company to open this link.",
];
const code = decodeURIComponent(location.pathname.split("/").at(-1));

account(document.getElementById("account"), open).catch(() =>
  show("Invitation", problem("The service did not answer. Reload the page in a minute.")),
);

/** Begin anew with a token; "" if nobody is signed in. */
async function open(token) {
  if (!token) {
    show(
      "You are invited",
      element("p", {}, "A partner asks your company to work with it, and waits for an answer."),
      element(
        "p",
        {},
        "Sign in with the account of your company to see who asks, what for, and what the partner could do then. ",
        "Nothing changes until you accept.",
      ),
    );
    return;
  }
  await attempt(async () => {
    const viewer = await viewerOf(token);
    await (viewer ? redeem(token, viewer) : introduce(token));
  });
}

/** The facts about the user, undefined if the service does not know the user yet. */
async function viewerOf(token) {
  try {
    return (await ask(token, queries.VIEWER)).viewer;
  } catch (error) {
    if (error instanceof Unauthenticated) {
      return undefined;
    }
    throw error;
  }
}

/** Tell a user that nobody knows yet what opening the invitation means. */
function introduce(token) {
  const name = element("input", { id: "company", autocomplete: "organization", maxLength: 200 });
  const form = element(
    "form",
    { className: "card" },
    element("p", {}, "You are here for the first time. If you go on, you get access to this service for your company."),
    element("label", { htmlFor: "company" }, "Name of your company"),
    name,
    element("p", { className: "quiet" }, "It is used only if your company is new here, too."),
    element("button", { className: "primary" }, "Show the invitation"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => redeem(token, undefined, name.value.trim()));
  });
  show("Welcome", form);
}

/** Redeem the code, as the customer or the reseller that it is for, and show what it is about. */
async function redeem(token, viewer, companyName) {
  const input = companyName ? { code, companyName } : { code };
  const ways = [
    [queries.REDEEM_AS_CUSTOMER, "redeemInvitation", "resellerRelationship", showRelationship],
    [queries.REDEEM_AS_RESELLER, "redeemResellerInvitation", "partnership", showPartnership],
  ];
  let refusal;
  for (const [mutation, field, record, view] of viewer?.tenantKind === "PARTNER" ? ways.reverse() : ways) {
    const { [field]: payload } = await ask(token, mutation, { input });
    const error = payload?.userErrors[0];
    if (!error) {
      await view(token, payload[record].id);
      return;
    }
    if (error.code !== "INVITATION_INVALID") {
      refusal = error;
      break;
    }
    refusal ??= error;
  }
  show(
    "Invitation",
    problem(refusal.message),
    link("Sign in with another account", SIGN_OUT_ADDRESS),
  );
}

async function showRelationship(token, id) {
  const data = await ask(token, queries.RELATIONSHIP, { id });
  if (!data.node) {
    show("Invitation", problem(...NOT_YOURS));
    return;
  }
  const requests = [data.node, ...companions(data)];
  const ids = requests.flatMap(({ ifAccepted }) => ifAccepted.flatMap((effect) => effect.ids)).slice(0, 100);
  const { nodes } = ids.length > 0 ? await ask(token, queries.NAMES, { ids }) : { nodes: [] };
  const named = nodes.filter((node) => node?.friendlyName ?? node?.displayName);
  const names = new Map(named.map((node) => [node.id, node.friendlyName ?? node.displayName]));
  const view = relationshipView({ requests, customer: data.node.customer, names }, answer(token, id, showRelationship));
  show(...view);
}

/** The requests of the providers through which a reseller asks: they are answered together with its own. */
function companions({ node, resellerRelationships }) {
  return resellerRelationships.nodes.filter(
    (each) => each.id !== node.id && node.status === "REQUESTED" && each.associatedPartner?.id === node.partner.id,
  );
}

async function showPartnership(token, id) {
  const { node } = await ask(token, queries.PARTNERSHIP, { id });
  const view = node ? partnershipView(node, answer(token, id, showPartnership)) : ["Invitation", problem(...NOT_YOURS)];
  show(...view);
}

/** Sends an answer; resolves to the refusals, or shows what has come of it. */
function answer(token, id, view) {
  const idempotencyKey = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");
  return async (mutation, input) => {
    const data = await ask(token, mutation, { input: { id, idempotencyKey, ...input } });
    const [{ userErrors }] = Object.values(data);
    if (userErrors.length === 0) {
      await view(token, id);
    }
    return userErrors;
  };
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    const text =
      error instanceof Unauthenticated
        ? "The service does not accept your sign-in. Sign in again."
        : "The service could not do that. Reload the page and try again.";
    show("Invitation", problem(text, error.message));
  }
}

function show(heading, ...children) {
  const isFirst = title.textContent === "Invitation" && content.textContent.startsWith("One moment");
  title.textContent = heading;
  document.title = `${heading} · Multichannel`;
  content.replaceChildren(...children);
  if (!isFirst) {
    title.focus();
  }
}
