import { UserManager, WebStorageStateStore } from "oidc-client-ts";

/**
 * The ways to sign in that the service offers: `personas` of the demo (an empty list outside of it), and the
 * `session` of this tab, a user manager of oidc-client-ts for the issuer that the service trusts, or undefined
 * where the service names no client for people. Its tokens are in the session storage of the tab.
 */
export async function waysToSignIn() {
  const { personas, client } = await read("/sign-in/configuration");
  return {
    personas: personas ? await read("/demo/personas") : [],
    session: client ? userManager(client) : undefined,
  };
}

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) {
    throw new Error(`${path} answered ${answer.status}`);
  }
  return answer.json();
}

function userManager({ authority, clientId, scope }) {
  return new UserManager({
    authority,
    client_id: clientId,
    scope,
    redirect_uri: `${location.origin}/sign-in`,
    post_logout_redirect_uri: `${location.origin}/sign-in`,
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    // Renewal needs a frame of the issuer or a refresh token in the page; people sign in again instead.
    automaticSilentRenew: false,
  });
}

/** The signed-in user, or null if there is none or the token has expired. */
export async function signedInUser(session) {
  const user = await session.getUser();
  return user && !user.expired ? user : null;
}

/** What the issuer calls a user. */
export function nameOf({ profile }) {
  return profile.name ?? profile.preferred_username ?? profile.email ?? profile.sub;
}

/** The address that signs in and then returns to the present page. */
export function signInAddress() {
  return `/sign-in?${new URLSearchParams({ to: location.pathname + location.search })}`;
}

export const SIGN_OUT_ADDRESS = "/sign-in?out";
