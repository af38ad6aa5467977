import { element, link } from "./elements";
import { nameOf, SIGN_OUT_ADDRESS, signedInUser, signInAddress, waysToSignIn } from "./session";

/**
 * Fill a header with the ways to sign in, or with the user who is. `onToken` gets the token, or "" if nobody
 * has signed in, now and whenever that changes.
 */
export async function account(header, onToken) {
  const { personas, session } = await waysToSignIn();
  if (personas.length > 0) {
    header.replaceChildren(...personaPicker(personas, onToken));
    onToken("");
    return;
  }
  const user = session && (await signedInUser(session));
  if (user) {
    session.events.addAccessTokenExpired(() => location.reload());
    header.replaceChildren(element("span", {}, nameOf(user)), link("Sign out", SIGN_OUT_ADDRESS, ""));
    onToken(user.access_token);
    return;
  }
  const ways = session ? [link("Sign in", signInAddress(), "button primary")] : [];
  header.replaceChildren(...ways, tokenField(onToken));
  onToken("");
}

function personaPicker(personas, onToken) {
  const select = element("select", { id: "persona" }, element("option", { value: "" }, "Nobody"));
  for (const [tenant, members] of Object.entries(Object.groupBy(personas, (each) => each.tenant))) {
    const options = members.map(({ persona, title }) => element("option", { value: persona }, title));
    select.append(element("optgroup", { label: tenant }, ...options));
  }
  select.addEventListener("change", () =>
    onToken(personas.find(({ persona }) => persona === select.value)?.token ?? ""),
  );
  return [element("label", { htmlFor: "persona" }, "Demo: act as"), select];
}

/** For those who have a token from elsewhere; it is kept in the page alone. */
function tokenField(onToken) {
  const input = element("input", { id: "token", type: "password", autocomplete: "off", spellcheck: false });
  const form = element(
    "form",
    {},
    element("label", { htmlFor: "token" }, "Bearer token"),
    input,
    element("button", {}, "Use the token"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onToken(input.value.trim().replace(/^bearer\s+/i, ""));
  });
  return element("details", {}, element("summary", {}, "Use a token instead"), form);
}
