import { useEffect, useState } from "react";

import { nameOf, SIGN_OUT_ADDRESS, signedInUser, signInAddress } from "./session";

const words = (name) => name.replaceAll("_", " ");

/** Demo mode: a choice of personas, grouped by tenant. */
export function PersonaPicker({ personas, chosen, onChoose, onToken }) {
  const active = personas.find(({ persona }) => persona === chosen);
  useEffect(() => onToken(active?.token ?? ""), [active, onToken]);
  const description = active ? `${active.tenant} · ${active.roles.map(words).join(", ")}` : "not signed in";
  const tenants = Object.entries(Object.groupBy(personas, ({ tenant }) => tenant));

  return (
    <div className="sign-in">
      <label htmlFor="persona">Acting as</label>
      <select id="persona" value={chosen} onChange={(event) => onChoose(event.target.value)}>
        {tenants.map(([tenant, members]) => (
          <optgroup key={tenant} label={tenant}>
            {members.map(({ persona, title }) => (
              <option key={persona} value={persona}>
                {title}
              </option>
            ))}
          </optgroup>
        ))}
        <option value="">Nobody (no token)</option>
      </select>
      <output htmlFor="persona" title={description}>
        {description}
      </output>
    </div>
  );
}

/** Outside a demo: the signed-in user, or the ways to sign in. */
export function SignIn({ session, onToken }) {
  const user = useUser(session);
  const [pasting, setPasting] = useState(false);
  useEffect(() => {
    if (user !== undefined && !pasting) {
      onToken(user?.access_token ?? "");
    }
  }, [user, pasting, onToken]);

  if (user) {
    return (
      <div className="sign-in">
        <output title={nameOf(user)}>{nameOf(user)}</output>
        <a href={SIGN_OUT_ADDRESS}>Sign out</a>
      </div>
    );
  }
  return (
    <div className="sign-in">
      <a href={signInAddress()}>Sign in</a>
      {pasting ? (
        <TokenField onToken={onToken} />
      ) : (
        <button type="button" onClick={() => setPasting(true)}>
          Paste a token
        </button>
      )}
    </div>
  );
}

/** The signed-in user until its token expires, null if there is none, undefined until known. */
function useUser(session) {
  const [user, setUser] = useState();
  useEffect(() => {
    const forget = () => setUser(null);
    session.events.addAccessTokenExpired(forget);
    signedInUser(session).then(setUser);
    return () => session.events.removeAccessTokenExpired(forget);
  }, [session]);
  return user;
}

/** A field for a bearer token, forgotten when the page closes. */
export function TokenField({ onToken }) {
  const [token, setToken] = useState("");
  useEffect(() => onToken(token.trim().replace(/^bearer\s+/i, "")), [token, onToken]);

  return (
    <div className="sign-in">
      <label htmlFor="token">Bearer token</label>
      <input
        id="token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder="paste a token"
        value={token}
        onChange={(event) => setToken(event.target.value)}
      />
      <output htmlFor="token">{token ? "kept until this page closes" : "not signed in"}</output>
    </div>
  );
}
