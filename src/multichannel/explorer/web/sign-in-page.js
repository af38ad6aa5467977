import { element, link, problem } from "./elements";
import { waysToSignIn } from "./session";

const HOME = "/graphql";

const REASONS = {
  access_denied: "You have not been signed in: the sign-in was cancelled, or your organisation does not allow it.",
  consent_required: "An administrator of your organisation has to approve this application before you can sign in.",
  interaction_required: "The identity provider needs your attention. Begin again.",
  login_required: "The identity provider needs your attention. Begin again.",
  temporarily_unavailable: "The identity provider is busy. Try again in a minute.",
  server_error: "The identity provider has a fault. Try again in a minute.",
  invalid_grant: "This sign-in has been used already, or it took too long. Begin again.",
};
const MISCONFIGURED = "The identity provider rejected the request of this service. Tell its operator what follows.";

const content = document.getElementById("content");
const address = new URL(location.href);
const parameters = address.searchParams;
// The code of the identity provider is good for one use only; it does not stay in the address or the history.
history.replaceState(null, "", address.pathname);

run().catch((error) => show(problem("The sign-in cannot begin: the service did not answer.", error.message)));

async function run() {
  const { personas, session } = await waysToSignIn();
  if (personas.length > 0) {
    show(element("p", {}, "In the demo you choose a persona instead."), link("Open the explorer", HOME));
  } else if (!session) {
    show(
      problem("This service offers no sign-in. Paste a token into the explorer."),
      element("p", { className: "quiet" }, "Its operator can offer one with the setting OIDC_CLIENT_ID."),
      link("Open the explorer", HOME),
    );
  } else if (parameters.has("code") || parameters.has("error")) {
    await finish(session);
  } else if (parameters.has("out")) {
    await signOut(session);
  } else if (parameters.has("to")) {
    await begin(session, destination(parameters.get("to")));
  } else {
    show(element("p", {}, "You are not signed in."), beginLink(HOME), " ", link("Open the explorer", HOME));
  }
}

async function begin(session, to) {
  if (!isSecureContext) {
    show(problem("Sign-in needs https.", "Open this service by its https address."));
    return;
  }
  try {
    await session.signinRedirect({ state: { to }, nonce: crypto.randomUUID() });
  } catch (error) {
    show(problem("The identity provider could not be reached. Try again in a minute.", error.message), beginLink(to));
  }
}

async function finish(session) {
  try {
    const user = await session.signinCallback(address.href);
    location.replace(destination(user?.state?.to));
  } catch (error) {
    show(problem(...explanation(error)), beginLink(destination(error.state?.to)));
  }
}

/** Signs out here, and at the identity provider if it can. */
async function signOut(session) {
  try {
    await session.signoutRedirect();
  } catch {
    await session.removeUser();
    show(element("p", {}, "You are signed out of this service."), beginLink(HOME));
  }
}

function explanation(error) {
  if (error.name === "ErrorResponse") {
    return [REASONS[error.error] ?? MISCONFIGURED, error.error_description ?? error.error];
  }
  if (error.message.includes("state")) {
    return ["This sign-in was begun in another window, or too long ago. Begin again."];
  }
  return ["The sign-in could not be completed. Begin again.", error.message];
}

/** A path of this service to return to; addresses elsewhere are ignored. */
function destination(to) {
  const url = to && URL.canParse(to, location.origin) && new URL(to, location.origin);
  return url && url.origin === location.origin ? url.pathname + url.search : HOME;
}

function beginLink(to) {
  return link("Sign in", `/sign-in?${new URLSearchParams({ to })}`, "button primary");
}

function show(...children) {
  content.replaceChildren(...children);
}
